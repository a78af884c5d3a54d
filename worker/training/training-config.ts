import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { sliceManifestSchema, roiSchema } from '../../src/bundles/manifest.ts';
import { parseYaml } from '../../src/config/parse-yaml.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords, issueLine } from '../../src/schema-words.ts';

const range = z.tuple([z.number(), z.number()]);
const manifest = sliceManifestSchema.shape;

/** An ROI of the bundle and its names in the training data. */
const trainedRoi = roiSchema.extend({
  /** Regular expressions for the whole ROI name in the archive, case-insensitive; default: the name itself. */
  patterns: z.array(z.string()).min(1).optional(),
  /** Weight of the ROI in the loss: more than 1 for an ROI that is hard to find. */
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
  /** Of the modalities beside the CT. */
  modalities: z
    .strictObject({
      /** Probability that a modality is left out of a sample, so that the network learns to do without it. */
      dropout: z.number().min(0).max(1).default(0),
      /** Largest error of the registration along x and y, on top of that of the data, mm. */
      shiftMm: z.number().min(0).default(0),
      /** Largest relative change of the values' scale. */
      scale: z.number().min(0).max(0.9).default(0),
      /** Largest shift of all values, in standard deviations. */
      offset: z.number().min(0).default(0),
      /** Largest standard deviation of added noise, in standard deviations of the values. */
      noise: z.number().min(0).default(0),
    })
    .optional(),
});

const schedule = z.strictObject({
  seed: z.int().default(1),
  epochs: z.int().positive().default(200),
  /** Slices in an epoch, at random; without it every slice once. */
  slicesPerEpoch: z.int().positive().optional(),
  /** Share of them that is chosen for an ROI, each ROI with the same probability; the rest is every slice in turn. */
  foreground: z.number().min(0).max(1).default(0),
  batch: z.int().positive().default(8),
  /** Batches whose gradients are averaged before one update. */
  accumulate: z.int().positive().default(1),
  learningRate: z.number().positive().default(0.005),
  /**
   * Layers that stay as the bundle of `--from` has them: its encoder, or every layer whose whole name fits one of these
   * regular expressions.
   */
  freeze: z.union([z.literal('encoder'), z.array(z.string()).min(1)]).optional(),
  /** The training ends when this many epochs in a row brought no better validation. */
  stopAfter: z.int().positive().optional(),
  /**
   * `plateau` (the paper's): the learning rate is multiplied by `factor` when `patience` epochs brought no better
   * validation. `poly` (DeepLab's own): it falls with (1 - epoch / epochs)^0.9, so that a training with few epochs
   * ends with small steps.
   */
  decay: z.enum(['plateau', 'poly']).default('plateau'),
  factor: z.number().gt(0).lt(1).default(0.8),
  patience: z.int().positive().default(5),
  /** Weights of the two parts of the loss. */
  loss: z.strictObject({ dice: z.number().min(0).default(1), crossEntropy: z.number().min(0).default(0) }).prefault({}),
  /** Share of the old value in the running average of the weights that is validated and exported; 0: no averaging. */
  averaging: z.number().min(0).lt(1).default(0),
  /** Number of patients set aside that are validated after each epoch, and the step between their slices. */
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
    /** Matrix sizes of the phantoms, in turn. */
    sizes: z.array(z.int().positive()).min(1).default([512]),
    /** Phantoms with an MR, which shows the tumour better than the CT. */
    mr: z.boolean().optional(),
    /** Beside these every so many phantom is an ordinary one, without MR and with a tumour that the CT shows. */
    ctAloneEvery: z.int().min(2).optional(),
  }),
  z.strictObject({
    source: z.literal('dicom'),
    /** What identifies a patient: Patient ID, or (where an archive has one ID for all) the folder below the archive. */
    patients: z.enum(['id', 'folder']).default('id'),
    /** Share of the patients that is set aside for validation, chosen by training.seed. */
    validationShare: z.number().gt(0).lt(1).default(0.1),
    /** Instead of a share, one of K parts that differ: every K-th patient is set aside (`train --fold N/K`). */
    fold: z.strictObject({ number: z.int().positive(), of: z.int().min(2) }).optional(),
    /** Share of the patients that the training does not use, for a test at the end; chosen in the same way. */
    testShare: z.number().min(0).lt(1).default(0),
    /** Instead of a share: the patients to validate with, by Patient ID or folder; all others are trained on. */
    validation: z.array(z.string()).min(1).optional(),
    /** With `validation`: the patients to train on; those in neither list are left out. */
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
  // The trainer's own networks get windows mapped to [0, 1] and slices in LPS orientation.
  input: manifest.input.refine(
    ({ windows, axes, layout }) =>
      windows.every(({ normalise }) => normalise === undefined) && axes.join() === 'P,L' && layout === 'nhwc',
    { error: 'normalise, axes and layout are for imported networks' },
  ),
  rois: z.array(trainedRoi).min(1).max(16),
  augmentation: augmentation.prefault({}),
  training: schedule.prefault({}),
});

export type TrainingConfig = z.output<typeof trainingConfigSchema>;
export type Augmentation = TrainingConfig['augmentation'];
export type Schedule = TrainingConfig['training'];

/** A configuration may take the keys that it lacks from another file. */
const extending = z.looseObject({ extends: z.string().optional() });

/**
 * Reads a training configuration (YAML). `extends: FILE` (relative to the file) adds the keys that the file
 * itself lacks, mapping by mapping; `architecture` and lists are not merged.
 * @throws ContourNodeError CONFIG_NOT_FOUND; CONFIG_INVALID naming file, line or key, and what is allowed
 */
export async function loadTrainingConfig(path: string): Promise<TrainingConfig> {
  const { value, lineOf } = await readYaml(path, []);
  const parsed = trainingConfigSchema.safeParse(value, inWords);
  if (!parsed.success) {
    const [issue] = parsed.error.issues as [z.core.$ZodIssue];
    throw invalid(path, lineOf(issue.path), issueLine(issue));
  }
  checkMirrors(parsed.data, (what) => invalid(path, 0, what));
  return parsed.data;
}

/** The configuration with another number of training phantoms or epochs. */
export function withSize(config: TrainingConfig, size: { phantoms?: number; epochs?: number }): TrainingConfig {
  const { data, training } = config;
  return {
    ...config,
    data: data.source === 'phantom' ? { ...data, training: size.phantoms ?? data.training } : data,
    training: { ...training, epochs: size.epochs ?? training.epochs },
  };
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

/** @param extended the files that extend this one, to notice a circle */
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

/** Mappings that are not merged: parameters of one network mean nothing to another. */
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

/** A left-right flip needs both ROIs of a pair, and each must name the other. */
function checkMirrors({ rois }: TrainingConfig, invalid: (what: string) => ContourNodeError): void {
  for (const { name, mirror } of rois) {
    if (mirror === undefined) continue;
    if (rois.find((roi) => roi.name === mirror)?.mirror !== name)
      throw invalid(`rois: ${name} and ${mirror} do not name each other as mirror`);
  }
}
