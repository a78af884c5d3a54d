import { createHash } from 'node:crypto';

/** PS3.5 section 9.1: components of digits without leading zeros, at most 64 characters in all. */
const uidPattern = /^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/;

export function isUid(value: string): boolean {
  return value.length <= 64 && uidPattern.test(value);
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
