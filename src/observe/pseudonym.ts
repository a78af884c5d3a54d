import { createHmac } from 'node:crypto';

/**
 * The keyed short hash that stands for a DICOM UID in logs, queue, file names and metrics: 16 hexadecimal digits of
 * HMAC-SHA256. The key lies in the data directory, so that the same series has the same name for as long as its data.
 */
export function pseudonym(key: Uint8Array, uid: string): string {
  return createHmac('sha256', key).update(uid).digest('hex').slice(0, 16);
}
