import { z } from 'zod';

/**
 * What the training data of a bundle looked like, so that the worker can say when a CT or a result does not. Bundles
 * without these keys are taken as they are; nothing is then compared. worker/training/training-range.ts makes them,
 * docs/training.md explains them.
 */
const range = z.tuple([z.number(), z.number()]);

/** Ranges over the training CTs; worker/volume/ct-appearance.ts says what each number is. */
export const trainedCtSchema = z.strictObject({
  patients: z.int().positive(),
  sliceSpacingMm: range,
  pixelSpacingMm: range,
  fieldOfViewMm: range,
  /** Sides of the body's bounding box along x, y, z. */
  bodyMm: z.tuple([range, range, range]),
  /** Lower ends of the classes of `tissue`, HU. */
  tissueClassesHu: z.array(z.number()).min(1),
  /** Share of the body's tissue in each class. */
  tissue: z.array(range).min(1),
  /** Mean place of the bones within the body's bounding box, 0 to 1 along x, y, z. */
  bones: z.tuple([range, range, range]),
  /** How far the air within the body lies behind the bones; negative in a head, whose airway is in front. */
  airBehindBonesMm: range,
});
export type TrainedCt = z.output<typeof trainedCtSchema>;

/** Ranges of one ROI over the training patients that have it drawn. */
export const roiPlausibilitySchema = z.strictObject({
  volumeCm3: range,
  /** 26-connected. */
  maximumComponents: z.int().positive().optional(),
  /** Share of the training patients that have it drawn. */
  drawn: z.number().min(0).max(1).optional(),
  /** Centre of gravity from the middle of the body's bounding box: to the left (x), to the back (y). */
  fromBodyCentreMm: z.tuple([range, range]).optional(),
  /** Per other ROI: how far the centre of gravity lies above (towards the head) that of the other. */
  aboveMm: z.record(z.string(), range).optional(),
});
export type RoiPlausibility = z.output<typeof roiPlausibilitySchema>;
