import { z } from 'zod';
import { keySchema } from './key.ts';

/**
 * Pictures of a CT for the viewer of the page, made by the worker beside the structure set and only handed out by the
 * node. review.json says what they are; review-axial.bin, review-coronal.bin and review-sagittal.bin hold chunks of
 * planes, each chunk gzip by itself, so that a browser fetches what it shows. An image beside the CT (MR) has files of its own on
 * the same pixels, review-MR-axial.bin and so on.
 */
export const pictureAxes = ['axial', 'coronal', 'sagittal'] as const;
export type PictureAxis = (typeof pictureAxes)[number];

/** Offset and length of each chunk in its file. */
const chunksSchema = z.array(z.tuple([z.int().nonnegative(), z.int().positive()]));

const planesSchema = z.strictObject({
  /** Pixels of a plane: along x (axial, coronal) or y (sagittal), then along y (axial) or z. */
  width: z.int().positive(),
  height: z.int().positive(),
  /** mm along the axis, ascending: z of an axial, y of a coronal, x of a sagittal plane. */
  positions: z.array(z.number()),
  planesPerChunk: z.int().positive(),
  chunks: chunksSchema,
});

export const pictureIndexSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** First 16 hexadecimal digits of the SHA-256 of the files with planes: part of their address, so that they may be kept. */
  version: keySchema,
  /** HU that each of the 256 grey values stands for, ascending. */
  levels: z.array(z.int()).length(256),
  /** x and y of the centre of the first pixel and the distance of pixels, mm, LPS. */
  origin: z.tuple([z.number(), z.number()]),
  pixelMm: z.number().positive(),
  /** Where to begin: a point in the slice with most of the structures. */
  start: z.tuple([z.number(), z.number(), z.number()]),
  planes: z.record(z.enum(pictureAxes), planesSchema),
  /** Images beside the CT on the same planes: grey values 1 to 255 from dark to bright, 0 where there is none. */
  overlays: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,15}$/),
        chunks: z.record(z.enum(pictureAxes), chunksSchema),
      }),
    )
    .optional(),
});
export type PictureIndex = z.output<typeof pictureIndexSchema>;

/** PNG of key slices, for report and mail. */
export const contactSheetFile = 'preview.png';

export const pictureIndexFile = 'review.json';

/** @param overlay name of an image beside the CT */
export function picturePlanesFile(axis: PictureAxis, overlay?: string): string {
  return overlay === undefined ? `review-${axis}.bin` : `review-${overlay}-${axis}.bin`;
}
