import { z } from 'zod';

/** How series, instances, orders and structure sets are named: a pseudonym or the start of a digest, 16 hexadecimal digits. */
export const keySchema = z.string().regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits');

/** SHA-256 in hexadecimal digits. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);
