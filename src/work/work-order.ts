import { z } from 'zod';
import { recipeSchema } from '../config/recipe-schema.ts';
import { destinationSchema } from '../config/schema.ts';
import { problemSchema } from '../problem.ts';
import { warningSchema } from '../warning.ts';
import { keySchema } from './key.ts';

/**
 * The files through which node and workers speak. Redis carries only where they lie. They stay in the data directory,
 * where DICOM UIDs may stand; nothing of them goes into logs, queue or page.
 *
 * series/SERIES/journal.jsonl                               what happened to the series, appended by the node alone
 * series/SERIES/instances/INSTANCE.dcm                      as received, file meta information added; INSTANCE.2.dcm
 *                                                           is the same image come again with a changed header
 * series/SERIES/revision-N/manifest.json                    written once by the node
 * series/SERIES/revision-N/orders/ORDER/order.json          written once by the node: what to draw, and for whom
 *                                      /result.json         written once by the worker
 *                                      /contours.json       polygons in mm, for page and pictures
 *                                      /PROFILE.implicit.dcm, PROFILE.explicit.dcm   the structure set as it goes out
 *                                      /preview.png, review.json, review-AXIS.bin   pictures (review-files.ts)
 *                                      /deliveries/DESTINATION/try-NNN.json   written once by the worker
 *
 * What came back to a series, and what came of comparing it: comparison.ts.
 *
 * SERIES and INSTANCE are keyed short hashes of the UIDs (src/pseudonym.ts), ORDER is the first 16 hexadecimal
 * digits of the SHA-256 of the order's content.
 */

const digest = z.string().regex(/^[0-9a-f]{64}$/);

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
      sopInstanceUid: z.string(),
      z: z.number(),
      pixelSha256: digest,
      headerSha256: digest,
    }),
  ),
  leftOut: z.array(z.strictObject({ file: z.string(), reason: z.string() })),
  warnings: z.array(warningSchema),
  /** SHA-256 over everything of the CT that determines the structure set's bytes. */
  contentSha256: digest,
});
export type RevisionManifest = z.output<typeof revisionManifestSchema>;

/** What of a destination determines the bytes of its structure set. The order counts: a profile's key is their digest. */
export const structureSetStyleSchema = z.object(
  destinationSchema.pick({
    transferSyntaxes: true,
    roiSuffix: true,
    roiNames: true,
    roiTypes: true,
    includeRois: true,
    excludeRois: true,
    holes: true,
    sendEmpty: true,
    warnings: true,
  }).shape,
);

/** How a structure set is written; destinations that want the same share one profile, one file and one UID. */
export const profileSchema = z.strictObject({
  /** First 16 hexadecimal digits of the SHA-256 of the style. */
  key: keySchema,
  destinations: z.array(z.string()),
  ...structureSetStyleSchema.shape,
});
export type Profile = z.output<typeof profileSchema>;

export const workOrderSchema = z.strictObject({
  formatVersion: z.literal(1),
  series: z.string(),
  revision: z.int().positive(),
  /** Of an order by recipe: name of the recipe, and its version and digest, those of its bundles included. */
  bundle: z.strictObject({ name: z.string(), version: z.string(), digest }),
  /** What to draw by which bundles, in place of one bundle. */
  recipe: z
    .strictObject({
      definition: recipeSchema,
      bundles: z.array(z.strictObject({ name: z.string(), version: z.string(), digest })),
    })
    .optional(),
  configDigest: digest,
  nodeVersion: z.string(),
  uidRoot: z.string(),
  /** Station that made the structure set: (0008,1010), Contributing Equipment. */
  aeTitle: z.string(),
  engine: z.strictObject({ name: z.string(), device: z.string() }),
  profiles: z.array(profileSchema).min(1),
  /** Name of the configured peer that sent the series: what the destination peer `return-to-sender` means here. */
  sender: z.string().optional(),
  /** Orders of earlier revisions of this series whose structure sets went out: predecessors. */
  predecessors: z.array(z.strictObject({ revision: z.int().positive(), order: z.string() })),
});
export type WorkOrder = z.output<typeof workOrderSchema>;

export const roiResultSchema = z.strictObject({
  name: z.string(),
  found: z.boolean(),
  delivered: z.boolean(),
  volumeCm3: z.number(),
  slices: z.int(),
  contours: z.int(),
  components: z.int(),
});

export const structureSetResultSchema = z.strictObject({
  profile: z.string(),
  sopInstanceUid: z.string(),
  seriesInstanceUid: z.string(),
  /** File of each stored encoding, relative to the order's folder, and its SHA-256. */
  files: z.partialRecord(z.enum(['implicit', 'explicit']), z.strictObject({ file: z.string(), sha256: digest })),
});

/** What came of an order. The same order gives the same structure sets, byte for byte. */
export const workResultSchema = z.strictObject({
  formatVersion: z.literal(1),
  status: z.enum(['contoured', 'nothing-found', 'rejected', 'failed']),
  error: problemSchema.optional(),
  rois: z.array(roiResultSchema),
  structureSets: z.array(structureSetResultSchema),
  warnings: z.array(warningSchema),
  /** Seconds a stage took, in the order they ran. */
  timings: z.array(z.strictObject({ stage: z.string(), seconds: z.number() })),
  /** Seconds that the engine took for each batch of slices; earlier versions did not write it. */
  batchSeconds: z.array(z.number()).optional(),
  peakResidentMegabytes: z.number(),
});
export type WorkResult = z.output<typeof workResultSchema>;

/** One try of one delivery. */
export const deliveryTrySchema = z.strictObject({
  formatVersion: z.literal(1),
  destination: z.string(),
  try: z.int().positive(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  /** `retry`: may succeed later; `failed`: counts towards the three final tries. */
  outcome: z.enum(['delivered', 'retry', 'failed']),
  alarmed: z.boolean(),
  /** DIMSE status of the one response for this instance, if there was one. */
  status: z.int().optional(),
  transferSyntax: z.enum(['implicit', 'explicit']).optional(),
  code: z.string().optional(),
  message: z.string().optional(),
});
export type DeliveryTry = z.output<typeof deliveryTrySchema>;

/** Payload of queue `contour`: where the order lies, relative to the data directory. */
export const contourPayloadSchema = z.strictObject({
  series: keySchema,
  revision: z.int().positive(),
  order: keySchema,
  try: z.int().positive(),
});
export type ContourPayload = z.output<typeof contourPayloadSchema>;

/** Payload of the queue `deliver-DESTINATION`. */
export const deliverPayloadSchema = contourPayloadSchema.extend({
  profile: keySchema,
  destination: z.string(),
  try: z.int().positive(),
});
export type DeliverPayload = z.output<typeof deliverPayloadSchema>;
