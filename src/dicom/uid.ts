import { createHash } from 'node:crypto';
import { ContourNodeError } from '../errors.ts';

const longestUid = 64;
/**
 * PS3.5 section 9.1 without its rule on leading zeros, which scanners and routers break: such a UID names an image as
 * well as any other, and is passed on as it is.
 */
const uidPattern = /^\d+(\.\d+)+$/;

export function isUid(value: string): boolean {
  return value.length <= longestUid && uidPattern.test(value);
}

/**
 * @param attribute name of the attribute that has the value
 * @throws DICOM_UID too long to be written anywhere else, or no UID at all
 * @throws DICOM_UNREADABLE absent
 */
export function checkUid(attribute: string, value: string): void {
  checkUidLength(attribute, value);
  if (value === '') throw new ContourNodeError('DICOM_UNREADABLE', `the image has no ${attribute}`);
  if (!isUid(value)) throw new ContourNodeError('DICOM_UID', `the ${attribute} is no UID`);
}

/** @throws DICOM_UID */
export function checkUidLength(attribute: string, value: string): void {
  if (value.length <= longestUid) return;
  throw new ContourNodeError(
    'DICOM_UID',
    `the ${attribute} has ${value.length} characters, at most ${longestUid} are allowed`,
  );
}

/**
 * A UID that is a function of its parts alone: the first 128 bits of their SHA-256 in decimal under `root`
 * (at most 24 characters, so that the whole stays within 64). Each part is hashed with its length in front, so that
 * ('ab', 'c') and ('a', 'bc') differ. Under 2.25 (PS3.5 B.2) the number has to be a UUID: version 8 and the RFC 9562
 * variant are set.
 */
export function derivedUid(root: string, ...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(bytes.length));
    hash.update(length).update(bytes);
  }
  const digest = hash.digest().subarray(0, 16);
  if (root === '2.25') {
    digest[6] = (digest[6]! & 0x0f) | 0x80;
    digest[8] = (digest[8]! & 0x3f) | 0x80;
  }
  return `${root}.${BigInt(`0x${digest.toString('hex')}`)}`;
}
