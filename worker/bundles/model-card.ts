import { type BundleManifest, int8Of, membersOf, modalitiesOf } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { recordedMetrics, type DiceFigures, type RecordedEvaluation } from './recorded-metrics.ts';

const uses = {
  demonstration: 'demonstration only: it shows how a CT is processed; its contours on a patient are useless',
  research: 'research only: its contours are for study, never for treatment unless a person contours again',
  clinical: 'clinical use as its makers declare it; a person reviews every contour',
} as const;

/**
 * The model card of a bundle as Markdown. It depends on bundle.json (of an ensemble also of its members) and the names of
 * the pictures only, so that a test can compare card and bundle.
 * @param pictures file names beside the card: `NAME-phantom-SEED.png`, `NAME-ct.png`
 * @param members the networks of an ensemble (`readMembers`)
 */
export function modelCard(
  { manifest, digest }: Bundle,
  pictures: readonly string[],
  members: readonly Bundle[] = [],
): string {
  const { name, version, description, intendedUse, licence } = manifest;
  const { evaluations, dice, knownFailures } = recordedMetrics(manifest);
  return `${[
    `# ${name} ${version}`,
    `<!-- Written by \`contour-node models card ${name}\` from bundle.json (SHA-256 ${digest.slice(0, 16)}); do not edit. -->`,
    description.replace(/([^.])$/, '$1.'),
    `**Intended use:** ${uses[intendedUse]}. contour-node is not a medical device.`,
    `**Licence:** ${licence}.`,
    '## What it contours',
    roiTable(manifest),
    '## Data',
    ...trainingData(manifest),
    ...networksTable(members),
    '## Where it applies',
    ...applicability(manifest, members),
    '## Figures',
    ...(evaluations.length + dice.length === 0 ? ['None are recorded.'] : []),
    ...evaluations.flatMap(evaluationTable),
    ...dice.map(diceTable),
    ...[manifest, ...members.map((one) => one.manifest)].flatMap(integers),
    '## Known failures',
    ...(knownFailures.length === 0 ? ['None are recorded; that does not mean that there are none.'] : []),
    ...(knownFailures.length > 0 ? [knownFailures.map((failure) => `- ${failure}`).join('\n')] : []),
    ...pictureLines(manifest, pictures),
  ].join('\n\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '&#124;')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function roiTable({ rois, plausibility }: BundleManifest): string {
  const rows = rois.map(({ name, interpretedType, description, deliver, threshold }) => {
    const volumes = plausibility[name]?.volumeCm3;
    return [
      name,
      interpretedType,
      description,
      deliver ? 'yes' : 'only where a destination asks for it',
      String(threshold),
      volumes === undefined ? '' : `${volumes[0].toFixed(1)} to ${volumes[1].toFixed(1)}`,
    ];
  });
  return table(['ROI', 'type', 'contains', 'delivered', 'threshold', 'usual volume (cm³)'], rows);
}

function trainingData(manifest: BundleManifest): string[] {
  const known = recordedOf(manifest);
  const patients = known('trainingPatients');
  const count = membersOf(manifest).length;
  const facts = [
    ['network', count > 0 ? `the mean of ${count}` : networkWords(manifest)],
    ['patients', patients && `${patients} trained on, ${known('validationPatients') ?? '0'} set aside`],
    [
      'epochs',
      known('epochs') && `${known('epochs')}${known('bestEpoch') ? `, the best was ${known('bestEpoch')}` : ''}`,
    ],
    ['command', known('command') && `\`${known('command')}\``],
    ['date', known('date')?.slice(0, 10)],
    ['notes', known('notes')],
  ].flatMap(([key, value]) => (key === undefined || value === undefined ? [] : [[key, value]]));
  return [table(['', ''], facts)];
}

/** What `training` of a manifest has under a key, as text. */
function recordedOf({ training }: BundleManifest): (key: string) => string | undefined {
  return (key) => {
    const value = training[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
}

function networkWords(manifest: BundleManifest): string {
  const parameters = recordedOf(manifest)('parameters');
  const count = parameters === undefined ? '' : `, ${Number(parameters).toLocaleString('en')} parameters`;
  return `${manifest.architecture.family}${count}`;
}

function networksTable(members: readonly Bundle[]): string[] {
  if (members.length === 0) return [];
  const rows = members.map(({ manifest }) => {
    const known = recordedOf(manifest);
    const patients = known('trainingPatients') ?? '-';
    return [
      `${manifest.name} ${manifest.version}`,
      networkWords(manifest),
      patients,
      known('date')?.slice(0, 10) ?? '-',
    ];
  });
  return [table(['bundle', 'network', 'patients trained on', 'date'], rows)];
}

function applicability(manifest: BundleManifest, members: readonly Bundle[]): string[] {
  const { sliceSpacingMm, minimumCoverageMm, notes, trained } = manifest.applicability;
  const networks = members.length === 0 ? [manifest] : members.map((one) => one.manifest);
  const seen = new Set(
    networks.flatMap((one) => [whatTheNetworkSees(one), ...(modalitiesOf(one) ?? []).map(besideTheCt)]),
  );
  const range = ([low, high]: readonly [number, number]) => `${low} to ${high}`;
  return [
    ...(notes === '' ? [] : [`${notes.charAt(0).toUpperCase()}${notes.slice(1)}.`]),
    `A CT is refused with slices less than ${sliceSpacingMm[0]} or more than ${sliceSpacingMm[1]} mm apart, or shorter than ${minimumCoverageMm} mm. ` +
      [...seen].join(' '),
    ...coverage(manifest),
    ...(trained === undefined
      ? ['The bundle does not describe its training CTs: the worker does not compare a CT with them.']
      : [
          `The worker warns of a CT unlike the ${trained.patients} of the training: slices ${range(trained.sliceSpacingMm)} mm apart, pixels of ${range(trained.pixelSpacingMm)} mm, ` +
            `images of ${range(trained.fieldOfViewMm)} mm; and of a result unlike theirs (docs/validation.md).`,
        ]),
  ];
}

/** When somebody has to look at a result. */
function coverage({ rois }: BundleManifest): string[] {
  const names = (test: (roi: BundleManifest['rois'][number]) => boolean) =>
    rois
      .filter(test)
      .map(({ name }) => name)
      .join(', ');
  const [expected, whole] = [names((roi) => roi.expected === true), names((roi) => roi.coverage === 'whole')];
  const cases = [
    ...(expected === '' ? [] : [`without one of ${expected}`]),
    ...(whole === '' ? [] : [`on a CT that ends inside one of ${whole}`]),
  ];
  return cases.length === 0 ? [] : [`A result ${cases.join(', or ')} is marked to be looked at (docs/validation.md).`];
}

function whatTheNetworkSees(manifest: BundleManifest): string {
  if ('volume' in manifest) {
    const { patch, spacingMm } = manifest.volume;
    return `The network sees the whole CT in patches of ${patch.join(' x ')} voxels of ${spacingMm.map((mm) => mm.toFixed(2)).join(' x ')} mm.`;
  }
  const { size, spacingMm, centre, patch } = manifest.input;
  const middle = centre.replace('-median', ' (median over the slices)');
  const field = `${size.join(' x ')} pixels of ${spacingMm} mm around the middle of the ${middle}`;
  return patch === undefined
    ? `The network sees ${field}.`
    : `The network sees patches of ${patch.slices} slices, ${field}.`;
}

function besideTheCt({ name, modality, mayBeMissing }: NonNullable<ReturnType<typeof modalitiesOf>>[number]): string {
  const image = name === modality ? name : `${name} (${modality})`;
  return `It sees ${image} beside the CT, ${mayBeMissing ? 'and works without' : 'and does not run without'}.`;
}

function evaluationTable({ data, command, date, engine, series, withoutWarning, rois }: RecordedEvaluation): string[] {
  const cell = (value: { mean: number; sd: number | null; median: number } | undefined, digits: number): string => {
    if (value === undefined) return '-';
    const spread = value.sd === null ? '' : ` ± ${value.sd.toFixed(digits)}`;
    return `${value.mean.toFixed(digits)}${spread} (${value.median.toFixed(digits)})`;
  };
  const rows = Object.entries(rois).map(([name, { n, notDrawn, dsc, asdMm, hd95Mm, surfaceDsc }]) => {
    return [name, String(n), String(notDrawn), cell(dsc, 3), cell(asdMm, 2), cell(hd95Mm, 1), cell(surfaceDsc, 3)];
  });
  return [
    `${data}: ${series} CT series, ${date}, ${engine}: \`${command}\`. Mean ± SD (median), in 3-D, on the CT's grid; docs/evaluation.md defines ` +
      `the metrics. The worker warned of nothing in ${withoutWarning} of them.`,
    table(['ROI', 'n', 'not found', 'DSC', 'ASD (mm)', 'HD95 (mm)', 'surface DSC'], rows),
  ];
}

function diceTable({ what, date, command, dice }: DiceFigures): string {
  const rows = Object.entries(dice).map(([name, value]) => {
    if (value === null) return [name, '-'];
    return [
      name,
      typeof value === 'number' ? value.toFixed(3) : `${value.mean.toFixed(3)} (least ${value.min.toFixed(3)})`,
    ];
  });
  const how = command === undefined ? '' : `: \`${command}\``;
  return `${what}, ${date.slice(0, 10)}${how}.\n\n${table(['ROI', 'Dice'], rows)}`;
}

/** The network with 8-bit integers beside that in float32. */
function integers(manifest: BundleManifest): string[] {
  const int8 = int8Of(manifest);
  if (int8 === undefined) return [];
  const { date, command, calibrated, cases, rois } = int8.comparison;
  const rows = rois.map(({ roi, cases: n, against, float32, int8: rounded }) => {
    return [
      roi,
      String(n),
      against === 'reference' ? 'structure sets' : 'float32',
      float32.toFixed(4),
      rounded.toFixed(4),
    ];
  });
  return [
    '## With 8-bit integers',
    'onnxruntime on a CPU takes a network with 8-bit integers in place of the one in float32, unless `engine.precision: float32` is configured. ' +
      `Both contoured ${cases} CTs, ${date}: \`${command}\`; ranges of ${calibrated} CTs. Mean DSC, which compares two ways to compute and is no figure of quality.`,
    table(['ROI', 'n', 'against', 'float32', 'int8'], rows),
  ];
}

function pictureLines({ name, training }: BundleManifest, pictures: readonly string[]): string[] {
  if (pictures.length === 0) return [];
  const real = pictures.filter((file) => file === `${name}-ct.png`);
  const ofPhantoms = JSON.stringify(training['data'] ?? {}).includes('phantom');
  return [
    ...real.flatMap((file) => [
      'A planning CT of a patient with the contours of this model; docs/pictures/README.md names its source and licence.',
      `![Key slices of a planning CT in three directions, with contours](${file})`,
    ]),
    `Generated phantoms on which it did worst among those tried (\`contour-node models card ${name} --pictures\`; red: truth, green: model).${ofPhantoms ? '' : ' It was not made for phantoms: their pictures show what it does where it fails.'}`,
    ...pictures
      .filter((file) => !real.includes(file))
      .map((file) => {
        const seed = /-phantom-(\d+)\.png$/.exec(file)?.[1] ?? '';
        return `![phantom ${seed}: truth in red, model in green](${file})`;
      }),
  ];
}
