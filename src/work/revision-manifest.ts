import { z } from 'zod';
import { warningSchema } from '../warning.ts';
import { inputImageSchema } from './input-image.ts';
import { digestSchema } from './key.ts';

/** One revision of a series: exactly these instances, in this order, with this geometry. */
export const revisionManifestSchema = z.strictObject({
  formatVersion: z.literal(1),
  series: z.string(),
  revision: z.int().positive(),
  /** DICOM DA and TM of the moment the revision was first written; every structure set of it carries them. */
  date: z.string().regex(/^\d{8}$/),
  time: z.string().regex(/^\d{6}$/),
  /** Ascending along +z (to the head). `file` is relative to the series folder. */
  slices: z.array(
    z.strictObject({
      file: z.string(),
      /** Of a multi-frame instance, from 1. */
      frame: z.int().positive().optional(),
      sopInstanceUid: z.string(),
      z: z.number(),
      pixelSha256: digestSchema,
      headerSha256: digestSchema,
    }),
  ),
  leftOut: z.array(z.strictObject({ file: z.string(), frame: z.int().positive().optional(), reason: z.string() })),
  warnings: z.array(warningSchema),
  /** What is seen beside the CT. */
  inputs: z.array(inputImageSchema).optional(),
  /** SHA-256 over everything of the CT, and of what is seen beside it, that determines the structure set's bytes. */
  contentSha256: digestSchema,
});
export type RevisionManifest = z.output<typeof revisionManifestSchema>;
