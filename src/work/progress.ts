import { z } from 'zod';

/** How far a contour job is, as its worker tells the queue: the stage, and the part of the whole job that is done. */
export const progressSchema = z.strictObject({ stage: z.string(), fraction: z.number().min(0).max(1) });
export type ProgressReport = z.output<typeof progressSchema>;

/** The stage that comes after result.json: from here on the node can deliver. */
export const stageAfterResult = 'pictures';
