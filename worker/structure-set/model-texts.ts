import type { BundleManifest } from '../../src/bundles/manifest.ts';
import type { NetworkUse } from '../../src/work/work-result.ts';
import type { StructureSetTexts } from '../../src/dicom/rtstruct/structure-set-input.ts';

const label = { demonstration: 'DEMO', research: 'RSRCH', clinical: 'AI' } as const;

/** What a structure set comes from: a bundle, or a recipe with the models that it takes. */
export interface SetOrigin extends Pick<BundleManifest, 'name' | 'version' | 'intendedUse'> {
  /** Of a recipe: name and version of each bundle. */
  readonly models?: readonly string[];
}

/**
 * The texts of an automatic structure set. In the planning system they say that it is automatic, which model made it, and
 * that nobody has approved it.
 */
export function modelTexts(options: {
  bundle: SetOrigin;
  /** The networks that computed with 8-bit integers. */
  withIntegers?: readonly Pick<NetworkUse, 'bundle' | 'version'>[];
  nodeVersion: string;
  revision: number;
  /** Number of delivered structure sets of earlier revisions. */
  predecessors: number;
  /** The CT was compressed with loss. */
  lossy: boolean;
}): StructureSetTexts {
  const { bundle, withIntegers = [], nodeVersion, revision, predecessors, lossy } = options;
  const integers = withIntegers.map((one) => `${one.bundle} ${one.version}`);
  const model = `${bundle.name} ${bundle.version}`;
  const node = `contour-node ${nodeVersion}`;
  const end = revision > 1 ? ` r${revision}` : '';
  const use = { demonstration: 'demonstration only', research: 'research only', clinical: 'clinical use' }[
    bundle.intendedUse
  ];
  const sentences = [
    bundle.models === undefined
      ? `Contoured automatically by ${node} with the model ${model} (${use}).`
      : `Contoured automatically by ${node} by the recipe ${model} with ${listed(bundle.models)} (${use}).`,
    ...(integers.length === 0 ? [] : [`Computed with 8-bit integers: ${integers.join(', ')}.`]),
    'Not reviewed or approved by a person.',
    ...(revision > 1 ? [`Revision ${revision} of this CT series.`] : []),
    ...(predecessors > 0 ? ['Replaces an earlier structure set of it.'] : []),
    ...(lossy ? ['The CT was compressed with loss.'] : []),
  ];
  return {
    label: cut(`${label[bundle.intendedUse]} ${bundle.name}`, 16 - end.length) + end,
    name: cut(model, 64),
    seriesDescription: cut(`${label[bundle.intendedUse]}${end} ${model}, ${node}`, 64),
    manufacturer: 'contour-node',
    modelName: cut(bundle.name, 64),
    softwareVersions: [node, model, ...(bundle.models ?? []), ...integers.map((one) => `${one} int8`)].map((one) =>
      cut(one, 64),
    ),
    description: cut(sentences.join(' '), 1024),
  };
}

function listed(models: readonly string[]): string {
  if (models.length === 0) return 'no model';
  return `the model${models.length > 1 ? 's' : ''} ${models.join(', ')}`;
}

function cut(text: string, length: number): string {
  return text.slice(0, length).trimEnd();
}
