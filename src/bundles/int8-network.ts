import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256: 64 hexadecimal digits, small letters');

/** A file of a bundle, relative to its folder. */
export const namedFile = z.strictObject({ path: z.string(), sha256 });

/** Raw little-endian float32, the shape as in the graph. */
export const goldenOutput = z.strictObject({
  ...namedFile.shape,
  shape: z.array(z.int().positive()),
  /** The file holds each so many-th value only, from the first on. */
  every: z.int().positive().default(1),
});

/** What an ROI loses by 8-bit integers, in mean DSC. */
const roiLoss = z.strictObject({
  roi: z.string(),
  cases: z.int().positive(),
  /** Against the structure sets; where none of the cases has the ROI, against the contours in float32. */
  against: z.enum(['reference', 'float32']),
  float32: z.number(),
  int8: z.number(),
  loss: z.number(),
});

/** The network with 8-bit integers (static QDQ), which onnxruntime takes on a CPU in place of the one in float32. */
export const int8Network = z.strictObject({
  model: namedFile,
  /** Its own output for the golden input of the bundle. */
  golden: z.strictObject({ output: goldenOutput, tolerance: z.number().positive() }),
  /** Contours with integers beside those in float32, on cases that were not calibrated with where there were enough. */
  comparison: z.strictObject({
    contourNode: z.string(),
    date: z.string(),
    command: z.string(),
    calibrated: z.int().positive(),
    cases: z.int().positive(),
    rois: z.array(roiLoss),
  }),
});

export type Int8Network = z.output<typeof int8Network>;
export type RoiLoss = z.output<typeof roiLoss>;
