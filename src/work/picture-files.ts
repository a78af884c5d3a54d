import { z } from 'zod';
import { keySchema } from './key.ts';

/**
 * Pictures of a CT for the viewer of the page, made by the worker beside the structure set and only handed out by the
 * node. review.json says what they are; review-axial.bin, review-coronal.bin and review-sagittal.bin hold chunks of
 * planes, each chunk gzip by itself, so that a browser fetches what it shows.
 */
export const pictureAxes = ['axial', 'coronal', 'sagittal'] as const;
export type PictureAxis = (typeof pictureAxes)[number];

const planesSchema = z.strictObject({
  /** Pixels of a plane: along x (axial, coronal) or y (sagittal), then along y (axial) or z. */
  width: z.int().positive(),
  height: z.int().positive(),
  /** mm along the axis, ascending: z of an axial, y of a coronal, x of a sagittal plane. */
  positions: z.array(z.number()),
  planesPerChunk: z.int().positive(),
  /** Offset and length of each chunk in the file. */
  chunks: z.array(z.tuple([z.int().nonnegative(), z.int().positive()])),
});

export const pictureIndexSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** First 16 hexadecimal digits of the SHA-256 of the three files: part of their address, so that they may be kept. */
  version: keySchema,
  /** HU that each of the 256 grey values stands for, ascending. */
  levels: z.array(z.int()).length(256),
  /** x and y of the centre of the first pixel and the distance of pixels, mm, LPS. */
  origin: z.tuple([z.number(), z.number()]),
  pixelMm: z.number().positive(),
  /** Where to begin: a point in the slice with most of the structures. */
  start: z.tuple([z.number(), z.number(), z.number()]),
  planes: z.record(z.enum(pictureAxes), planesSchema),
});
export type PictureIndex = z.output<typeof pictureIndexSchema>;

/** PNG of key slices, for report and mail. */
export const contactSheetFile = 'preview.png';

export const pictureIndexFile = 'review.json';

export function picturePlanesFile(axis: PictureAxis): string {
  return `review-${axis}.bin`;
}
