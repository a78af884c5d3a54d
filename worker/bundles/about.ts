import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { roiSchema, volumeManifestSchema, type Roi } from '../../src/bundles/manifest.ts';
import { volumeSectionSchema } from '../../src/bundles/volume-section.ts';
import { parseYaml } from '../../src/config/parse-yaml.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords, issueLine } from '../../src/schema-words.ts';
import { proposeRois } from '../nnunet/propose-roi.ts';
import type { VolumeDescription } from './write-bundle.ts';

const manifest = volumeManifestSchema.shape;

/**
 * What a folder of another trainer cannot say of itself. All of it may be left out with `--yes`; `labels` has the folder's
 * own names as keys, and what is null is not contoured.
 */
export const aboutSchema = z.strictObject({
  name: manifest.name.optional(),
  version: manifest.version.optional(),
  description: manifest.description.optional(),
  intendedUse: manifest.intendedUse.optional(),
  licence: manifest.licence.optional(),
  applicability: manifest.applicability.optional(),
  plausibility: manifest.plausibility,
  training: manifest.training,
  axes: volumeSectionSchema.shape.axes.optional(),
  labels: z.record(z.string(), roiSchema.omit({ threshold: true }).partial().nullable()).default({}),
});
export type About = z.output<typeof aboutSchema>;

/** Where the statements come from. */
export interface AboutOptions {
  /** Path of about.yaml. */
  readonly about?: string | undefined;
  /** Whether what about.yaml does not say is proposed from the folder. */
  readonly propose: boolean;
}

/** @throws ContourNodeError PATH_NOT_FOUND, CONFIG_INVALID naming the line or the key */
export async function readAbout<T extends z.ZodType>(schema: T, file: string | undefined): Promise<z.output<T>> {
  if (file === undefined) return schema.parse({});
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `${file} is not there or cannot be read`, { cause });
  });
  const { value, fault } = parseYaml(text);
  if (fault !== undefined) throw invalidAbout(file, `line ${fault.line}: ${fault.message}`, 'correct the line');
  const parsed = schema.safeParse(value ?? {}, inWords);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => issueLine(issue));
  throw invalidAbout(file, issues.join('; '), 'docs/models.md shows one');
}

/** What the folder says, taken where about.yaml says nothing and proposals are wanted. */
export interface Proposals {
  /** Becomes a bundle's name. */
  readonly name: string;
  readonly version?: string;
  readonly description: string;
  readonly licence?: string;
  readonly notes?: string;
  /** Largest spacing of the network, mm. */
  readonly spacingMm: number;
  /** The folder's file that names the labels, and the values of the label map that each is made of. */
  readonly labelFile: string;
  readonly labels: ReadonlyMap<string, readonly number[]>;
  readonly cleanUp?: (label: string) => Partial<Roi['cleanUp']>;
}

type Said = Pick<
  VolumeDescription,
  | 'name'
  | 'version'
  | 'description'
  | 'rois'
  | 'intendedUse'
  | 'applicability'
  | 'plausibility'
  | 'training'
  | 'licence'
>;

/**
 * What a bundle says besides its processing: from about.yaml, else proposed.
 * @returns that, and the labels that each ROI is made of
 * @throws ContourNodeError CONFIG_INVALID naming the key, MODEL_NOT_SUPPORTED
 */
export function sayAbout(
  about: About,
  { about: file, propose }: AboutOptions,
  proposals: Proposals,
): { said: Said; labels: number[][] } {
  const said: Say = (value, proposal, key) => {
    if (value !== undefined) return value;
    if (propose) return proposal;
    throw invalidAbout(file, `${key} is missing`, 'add it, or take proposals for what is not said with --yes');
  };
  const { rois, labels } = roisOf(proposals, about, said, file);
  const name = proposals.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 63);
  const sliceSpacingMm: [number, number] = [0.5, Math.max(5, 2 * proposals.spacingMm)];
  return {
    said: {
      name: said(about.name, name, 'name'),
      version: said(about.version, proposals.version ?? '1.0.0', 'version'),
      description: said(about.description, proposals.description, 'description'),
      rois,
      intendedUse: said(about.intendedUse, 'research', 'intendedUse'),
      applicability: said(
        about.applicability,
        { sliceSpacingMm, minimumCoverageMm: 0, notes: proposals.notes ?? '' },
        'applicability',
      ),
      plausibility: about.plausibility,
      training: about.training,
      licence: said(about.licence, proposals.licence ?? 'not stated', 'licence'),
    },
    labels,
  };
}

type Say = <T>(value: T | undefined, proposal: T, key: string) => T;

/** The ROIs in the order of the folder's labels, and the labels that each is made of. */
function roisOf(
  { labels, labelFile, cleanUp }: Proposals,
  about: About,
  said: Say,
  file: string | undefined,
): { rois: Roi[]; labels: number[][] } {
  const names = [...labels.keys()];
  const unknown = Object.keys(about.labels).find((label) => !labels.has(label));
  if (unknown !== undefined) {
    throw invalidAbout(
      file,
      `labels.${unknown} is no label of the folder, which has ${names.join(', ')}`,
      `write the labels as ${labelFile} does`,
    );
  }
  const wanted = names.filter((label) => about.labels[label] !== null);
  const proposed = proposeRois(names);
  const rois = wanted.map((label) => {
    const own = said(about.labels[label] ?? undefined, {}, `labels.${label}`);
    return roiSchema.parse({ ...proposed[names.indexOf(label)]!, cleanUp: cleanUp?.(label) ?? {}, ...own });
  });
  const twice = rois.find(({ name }, n) => rois.findIndex((other) => other.name === name) < n);
  if (twice !== undefined)
    throw invalidAbout(file, `two labels are called ${twice.name}`, 'give each a name of its own');
  if (rois.length === 0) throw invalidAbout(file, 'every label is null', 'leave at least one label');
  const values = wanted.map((label) => [...labels.get(label)!].filter((value) => value !== 0));
  if (values.flat().some((value) => value > 255))
    throw new ContourNodeError('MODEL_NOT_SUPPORTED', `${labelFile} has labels above 255`);
  return { rois, labels: values };
}

/** @param file about.yaml's path, where there is one */
export function invalidAbout(file: string | undefined, message: string, remedy: string): ContourNodeError {
  return new ContourNodeError('CONFIG_INVALID', `${file ?? 'about.yaml'}: ${message}`, { remedy });
}
