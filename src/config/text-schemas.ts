import { z } from 'zod';

export const aeTitle = z
  .string()
  .min(1)
  .max(16)
  .regex(/^(?! )[\x20-\x5b\x5d-\x7e]*(?<! )$/, 'ASCII characters without backslash, no space at either end')
  .describe('1 to 16 ASCII characters without backslash or outer spaces (PS3.5 AE)');

/** Of an entry of a list. */
export const name = z
  .string()
  .min(1)
  .max(32)
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]*$/, 'letters, digits and hyphens, no hyphen at the beginning')
  .describe('letters, digits and hyphens, at most 32');

/** What goes into an attribute of DICOM whatever the character set. */
export const asciiText = z.string().regex(/^[ -[\]-~]*$/, 'ASCII characters without backslash');
