import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { sliceManifestSchema, roiSchema } from '../../src/bundles/manifest.ts';
import { parseYaml } from '../../src/config/parse-yaml.ts';
import { ContourNodeError } from '../../src/errors.ts';

const range = z.tuple([z.number(), z.number()]);
const manifest = sliceManifestSchema.shape;

/** An ROI of the bundle and how the training data call it. */
const trainedRoi = roiSchema.extend({
  /** Regular expressions for the whole ROI name in the archive, without regard to case; default: the name itself. */
  patterns: z.array(z.string()).min(1).optional(),
  /** Weight of the ROI in the loss: more than 1 for what is hard to find. */
  weight: z.number().positive().default(1),
});

const augmentation = z.strictObject({
  /** Probability of a left-right flip; paired ROIs exchange their channels. */
  flipLeftRight: z.number().min(0).max(1).default(0.5),
  /** Probability of a front-back flip. */
  flipFrontBack: z.number().min(0).max(1).default(0),
  /** Largest rotation to either side, degrees. */
  rotationDegrees: z.number().min(0).default(10),
  zoom: range.default([0.9, 1.1]),
  /** Largest translation along x and y, mm. */
  translationMm: z.number().min(0).default(10),
  /** Largest shift of all CT numbers, HU. */
  shiftHu: z.number().min(0).default(0),
  /** Largest relative change of the CT numbers' scale. */
  scaleHu: z.number().min(0).max(0.5).default(0),
  /** Largest standard deviation of added noise, HU. */
  noiseHu: z.number().min(0).default(0),
});

const schedule = z.strictObject({
  seed: z.int().default(1),
  epochs: z.int().positive().default(200),
  /** Slices drawn in an epoch; left out: every slice once. */
  slicesPerEpoch: z.int().positive().optional(),
  /** Share of them that is drawn for an ROI, each ROI as often as any other; the rest is every slice in turn. */
  foreground: z.number().min(0).max(1).default(0),
  batch: z.int().positive().default(8),
  /** Batches whose gradients are averaged before one update. */
  accumulate: z.int().positive().default(1),
  learningRate: z.number().positive().default(0.005),
  /**
   * `plateau` (the paper's): the learning rate is multiplied by `factor` when `patience` epochs brought no better
   * validation. `poly` (DeepLab's own): it falls with (1 - epoch / epochs)^0.9, so that a training with few epochs to spend
   * ends on small steps.
   */
  decay: z.enum(['plateau', 'poly']).default('plateau'),
  factor: z.number().gt(0).lt(1).default(0.8),
  patience: z.int().positive().default(5),
  /** Weights of the two parts of the loss. */
  loss: z.strictObject({ dice: z.number().min(0).default(1), crossEntropy: z.number().min(0).default(0) }).prefault({}),
  /** Share of the old value in the running average of the weights that is validated and exported; 0: no averaging. */
  averaging: z.number().min(0).lt(1).default(0),
  /** Patients that are validated after each epoch (of those set aside), and every how many of their slices. */
  validationCases: z.int().positive().default(15),
  validationStep: z.int().positive().default(1),
  /** At the end of the training each ROI's `threshold` becomes the one with the best mean Dice on the patients set aside. */
  calibrate: z.boolean().default(false),
});

const data = z.discriminatedUnion('source', [
  z.strictObject({
    source: z.literal('phantom'),
    /** Seeds from `firstSeed` on: training first, validation after them. */
    firstSeed: z.int().default(100_000),
    training: z.int().positive().default(150),
    validation: z.int().positive().default(15),
    /** Matrix sizes that the phantoms take turns in. */
    sizes: z.array(z.int().positive()).min(1).default([512]),
  }),
  z.strictObject({
    source: z.literal('dicom'),
    /** What tells patients apart: Patient ID, or (where an archive has one ID for all) the folder below the archive. */
    patients: z.enum(['id', 'folder']).default('id'),
    /** Share of the patients that is set aside for validation, drawn by training.seed. */
    validationShare: z.number().gt(0).lt(1).default(0.1),
    /** Instead of a share: those to validate with, by Patient ID or folder; every other patient is trained on. */
    validation: z.array(z.string()).min(1).optional(),
    /** With `validation`: only these are trained on, whoever is in neither list is left out. */
    training: z.array(z.string()).min(1).optional(),
  }),
]);

export const trainingConfigSchema = z.strictObject({
  bundle: z.strictObject({
    name: manifest.name,
    version: manifest.version,
    description: manifest.description,
    intendedUse: manifest.intendedUse,
    licence: manifest.licence,
    flipAverage: manifest.flipAverage,
    applicability: manifest.applicability,
  }),
  data,
  architecture: manifest.architecture,
  // The trainer's own networks see windows mapped to [0, 1] and slices as they lie.
  input: manifest.input.refine(
    ({ windows, axes }) => windows.every(({ normalise }) => normalise === undefined) && axes.join() === 'P,L',
    { error: 'normalise and axes are for imported networks' },
  ),
  rois: z.array(trainedRoi).min(1).max(16),
  augmentation: augmentation.prefault({}),
  training: schedule.prefault({}),
});

export type TrainingConfig = z.output<typeof trainingConfigSchema>;
export type Augmentation = TrainingConfig['augmentation'];
export type Schedule = TrainingConfig['training'];

/** A configuration may take everything that it does not say itself from another one. */
const extending = z.looseObject({ extends: z.string().optional() });

/**
 * Reads a training configuration (YAML). `extends: FILE` (relative to the file) takes over what the file itself does not
 * say, mapping by mapping; `architecture` and lists are taken whole.
 * @throws ContourNodeError CONFIG_NOT_FOUND; CONFIG_INVALID naming file, line or key, and what is allowed
 */
export async function loadTrainingConfig(path: string): Promise<TrainingConfig> {
  const { value, lineOf } = await readYaml(path, []);
  const parsed = trainingConfigSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(path, lineOf(issue?.path ?? []), `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  checkMirrors(parsed.data, (what) => invalid(path, 0, what));
  return parsed.data;
}

function invalid(path: string, line: number, what: string): ContourNodeError {
  return new ContourNodeError('CONFIG_INVALID', `${path}${line > 0 ? `, line ${line}` : ''}: ${what}`, {
    remedy: 'see the comments in config/training/',
  });
}

interface YamlFile {
  readonly value: unknown;
  /** Line of a key in the file itself; 0 where the file does not have it. */
  readonly lineOf: (key: readonly PropertyKey[]) => number;
}

/** @param extended the files that led here, to notice a circle */
async function readYaml(path: string, extended: readonly string[]): Promise<YamlFile> {
  if (extended.includes(path)) throw invalid(path, 0, 'extends: the file extends itself');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ContourNodeError('CONFIG_NOT_FOUND', `cannot read ${path}`, { cause, remedy: 'see config/training/' });
  });
  const { document, lines, value: own, fault } = parseYaml(text);
  if (fault !== undefined) throw invalid(path, fault.line, `not YAML: ${fault.message}`);
  const lineOf = (key: readonly PropertyKey[]): number => {
    const node = document.getIn(key, true) as { range?: [number, number, number] } | undefined;
    return node?.range === undefined ? 0 : lines.linePos(node.range[0]).line;
  };
  const base = extending.safeParse(own).data?.extends;
  if (base === undefined) return { value: own, lineOf };
  const { value: taken } = await readYaml(join(dirname(path), base), [...extended, path]);
  return { value: merged(taken, { ...(own as object), extends: undefined }), lineOf };
}

/** Keys that belong together: half of one network's parameters means nothing to another. */
const whole = new Set(['architecture']);

function merged(base: unknown, own: unknown): unknown {
  if (!isMapping(base) || !isMapping(own)) return own;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(own)) {
    if (value !== undefined) result[key] = whole.has(key) ? value : merged(base[key], value);
  }
  return result;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A left-right flip needs both of a pair, each naming the other. */
function checkMirrors({ rois }: TrainingConfig, invalid: (what: string) => ContourNodeError): void {
  for (const { name, mirror } of rois) {
    if (mirror === undefined) continue;
    if (rois.find((roi) => roi.name === mirror)?.mirror !== name)
      throw invalid(`rois: ${name} and ${mirror} do not name each other as mirror`);
  }
}

/** For each ROI channel the channel that a left-right flip puts there: itself, or its twin. */
export function mirroredChannels(
  rois: readonly { readonly name: string; readonly mirror?: string | undefined }[],
): number[] {
  return rois.map(({ mirror }, index) => (mirror === undefined ? index : rois.findIndex((roi) => roi.name === mirror)));
}
