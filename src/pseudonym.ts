import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Making the library's form of a key takes longer than the hash. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

/**
 * The keyed short hash that stands for a DICOM UID in logs, queue, file names and metrics: 16 hexadecimal digits of
 * HMAC-SHA256. The key lies in the data directory, so that the same series has the same name for as long as its data.
 */
export function pseudonym(key: Uint8Array, uid: string): string {
  let keyObject = keyObjects.get(key);
  if (keyObject === undefined) keyObjects.set(key, (keyObject = createSecretKey(key)));
  return createHmac('sha256', keyObject).update(uid).digest('hex').slice(0, 16);
}
