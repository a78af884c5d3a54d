import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { auditFolder } from '../../work/paths.ts';
import { auditFile, auditFiles } from './audit-files.ts';
import { type AuditEvent, type AuditHead, auditLine, chainStart, readAuditLine } from './audit-line.ts';

export interface AuditOptions {
  readonly dataDirectory: string;
  /** A file of this size is followed by the next. */
  readonly fileMegabytes: number;
  readonly now: () => number;
  readonly log: Log;
  /** Called for every line once it is on disk; must not throw. */
  readonly onLine?: (event: AuditEvent, at: string, head: AuditHead) => void;
}

/**
 * The audit trail in `audit/` of the data directory: JSON lines, only appended and flushed, each with the hash of the one
 * before it (`contour-node audit verify`). The node alone writes it.
 */
export class AuditTrail {
  readonly #options: AuditOptions;
  readonly #directory: string;
  #head: AuditHead = chainStart;
  #number = 1;
  #file: number;
  #bytes = 0;

  /** @throws ContourNodeError AUDIT_BROKEN where the last line is not one of ours; DATA_DIRECTORY */
  constructor(options: AuditOptions) {
    this.#options = options;
    this.#directory = join(options.dataDirectory, auditFolder);
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const files = auditFiles(this.#directory);
    this.#number = Math.max(1, Number(/\d+/.exec(files.at(-1) ?? '')?.[0] ?? 1));
    this.#file = openSync(join(this.#directory, auditFile(this.#number)), 'a', 0o600);
    const torn = this.#continue(files);
    if (torn > 0) this.record({ event: 'unfinished line cut off', bytes: torn });
  }

  get head(): AuditHead {
    return this.#head;
  }

  /** Never throws: an event that cannot be written is an error in the log. */
  record(event: AuditEvent): void {
    const at = new Date(this.#options.now()).toISOString();
    const { line, head } = auditLine(this.#head, at, event);
    try {
      this.#append(Buffer.from(`${line}\n`));
    } catch (error) {
      this.#options.log.error({ err: error, event: event.event }, 'the audit trail cannot be written');
      return;
    }
    this.#head = head;
    this.#options.onLine?.(event, at, head);
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(line: Buffer): void {
    if (this.#bytes > this.#options.fileMegabytes * 1e6) this.#rotate();
    try {
      let written = 0;
      while (written < line.length) written += writeSync(this.#file, line, written);
      fsyncSync(this.#file);
    } catch (error) {
      ftruncateSync(this.#file, this.#bytes);
      throw error;
    }
    this.#bytes += line.length;
  }

  #rotate(): void {
    const next = openSync(join(this.#directory, auditFile(this.#number + 1)), 'ax', 0o600);
    closeSync(this.#file);
    this.#file = next;
    this.#number += 1;
    this.#bytes = 0;
  }

  /**
   * Continues the chain where the files end.
   *
   * @returns bytes of a last line that a crash left unfinished; they are cut off
   */
  #continue(files: readonly string[]): number {
    for (const name of files.toReversed()) {
      const content = readFileSync(join(this.#directory, name));
      const end = content.lastIndexOf(0x0a) + 1;
      const newest = name === files.at(-1);
      if (newest) {
        this.#bytes = end;
        ftruncateSync(this.#file, end);
      }
      const last = content.toString('utf8', 0, end).trimEnd().split('\n').at(-1) ?? '';
      if (last === '') continue;
      const read = readAuditLine(last);
      if (read === undefined) {
        throw new ContourNodeError('AUDIT_BROKEN', `the last line of ${join(auditFolder, name)} was changed`, {
          remedy: 'keep the folder as evidence, and move it away: the node begins a new trail',
        });
      }
      this.#head = { number: read.number, hash: read.hash };
      return newest ? content.length - end : 0;
    }
    return 0;
  }
}
