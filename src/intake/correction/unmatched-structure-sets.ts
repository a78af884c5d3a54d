import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { approvals } from '../../dicom/rtstruct/received-structure-set.ts';
import { ContourNodeError } from '../../errors.ts';
import { syncFolder, writeOnce } from '../../work/write-once.ts';
import type { Log } from '../../log.ts';
import { moveExclusively } from '../../store/move.ts';
import { correctionFile, unmatchedFolder } from '../../work/paths.ts';
import { unmatchedReasons } from './match-structure-set.ts';

const unmatchedSchema = z.strictObject({
  receivedAt: z.iso.datetime(),
  sender: z.string(),
  reason: z.enum(unmatchedReasons),
  approval: z.enum(approvals),
});

/** A structure set that belongs to no series, without patient data. */
export type UnmatchedStructureSet = z.output<typeof unmatchedSchema> & { readonly key: string; readonly bytes: number };

const namePattern = /^([0-9a-f]{16})\.(dcm|json)$/;

/**
 * Structure sets that belong to no series: KEY.dcm as received, KEY.json with what the page shows of it. They are kept for retention.unmatchedDays, or until an operator deletes them.
 */
export class UnmatchedStructureSets {
  readonly #folder: string;
  readonly #log: Log;
  readonly #known = new Map<string, UnmatchedStructureSet>();

  constructor(dataDirectory: string, log: Log) {
    this.#folder = join(dataDirectory, unmatchedFolder);
    this.#log = log;
  }

  /** Takes up what is there, and removes files without description: their senders got no success. */
  async recover(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#folder);
    for (const name of names) {
      const [, key, kind] = namePattern.exec(name) ?? [];
      const other = kind === 'dcm' ? `${key}.json` : `${key}.dcm`;
      if (key === undefined || !names.includes(other)) await rm(join(this.#folder, name), { force: true });
      else if (kind === 'json') await this.#read(key);
    }
  }

  /** The newest first. */
  list(): UnmatchedStructureSet[] {
    return [...this.#known.values()].toSorted((a, b) => b.receivedAt.localeCompare(a.receivedAt));
  }

  /** Moves a flushed file here and describes it; the same content again changes nothing. */
  async keep(key: string, path: string, about: z.output<typeof unmatchedSchema>): Promise<void> {
    if (this.#known.has(key)) return;
    const target = join(this.#folder, correctionFile(key));
    if (!existsSync(target)) moveExclusively(path, target);
    await syncFolder(this.#folder);
    await writeOnce(join(this.#folder, `${key}.json`), JSON.stringify(about), { mode: 0o600 });
    this.#known.set(key, { key, bytes: statSync(target).size, ...about });
  }

  /** @throws ContourNodeError NOT_FOUND */
  async remove(key: string): Promise<void> {
    if (!this.#known.has(key)) throw new ContourNodeError('NOT_FOUND', 'no such structure set');
    // The description first: the next start removes a file without one.
    for (const kind of ['json', 'dcm']) await rm(join(this.#folder, `${key}.${kind}`), { force: true });
    this.#known.delete(key);
  }

  /** Removes what was received before this moment (ISO). */
  async expire(before: string): Promise<void> {
    for (const { key, receivedAt } of this.list().filter((one) => one.receivedAt < before)) {
      await this.remove(key);
      this.#log.info({ structureSet: key, receivedAt }, 'removed: older than retention.unmatchedDays');
    }
  }

  async #read(key: string): Promise<void> {
    try {
      const about = unmatchedSchema.parse(JSON.parse(await readFile(join(this.#folder, `${key}.json`), 'utf8')));
      this.#known.set(key, { key, bytes: statSync(join(this.#folder, correctionFile(key))).size, ...about });
    } catch (error) {
      this.#log.error(
        { structureSet: key, err: error },
        'the description of an unmatched structure set cannot be read',
      );
    }
  }
}
