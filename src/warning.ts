import { z } from 'zod';

/** Something about a series or its contours that a person should know; `code` stays the same in every version. */
export const warningSchema = z.strictObject({ code: z.string(), text: z.string() });
export type Warning = z.output<typeof warningSchema>;
