import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits: its hash needs neither salt nor cost. The prefix lets secret scanners find it. */
export function newApiToken(): string {
  return `contour_${randomBytes(32).toString('base64url')}`;
}

/** What the configuration holds of a token. */
export function apiTokenHash(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`;
}
