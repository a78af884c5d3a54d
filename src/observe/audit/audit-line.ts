import { createHash } from 'node:crypto';

/** One event: its name, and in further fields who, what and where. */
export interface AuditEvent {
  readonly event: string;
  readonly [field: string]: string | number | boolean | undefined;
}

/** The end of the chain: number and hash of its last line. */
export interface AuditHead {
  readonly number: number;
  readonly hash: string;
}

/** Before the first line. */
export const chainStart: AuditHead = { number: 0, hash: '0'.repeat(64) };

const hashField = /,"hash":"([0-9a-f]{64})"\}$/;

/**
 * The next line of the chain: it holds the hash of the line before it, and at its end its own (SHA-256 over everything
 * before it).
 */
export function auditLine(head: AuditHead, at: string, event: AuditEvent): { line: string; head: AuditHead } {
  const number = head.number + 1;
  const body = JSON.stringify({ number, at, ...event, previous: head.hash }).slice(0, -1);
  const hash = digest(body);
  return { line: `${body},"hash":"${hash}"}`, head: { number, hash } };
}

/** @returns the line's place in the chain, or undefined where its hash is not the one of its content */
export function readAuditLine(line: string): (AuditHead & { readonly previous: string }) | undefined {
  const hash = hashField.exec(line)?.[1];
  if (hash === undefined || digest(line.replace(hashField, '')) !== hash) return undefined;
  try {
    const { number, previous } = JSON.parse(line) as { number: number; previous: string };
    return { number, hash, previous };
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
