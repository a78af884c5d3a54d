import { readdirSync } from 'node:fs';

/** The files of the trail in their order; `audit-000001.jsonl` is the first. */
export function auditFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^audit-\d{6}\.jsonl$/.test(name))
    .toSorted();
}

export function auditFile(number: number): string {
  return `audit-${String(number).padStart(6, '0')}.jsonl`;
}
