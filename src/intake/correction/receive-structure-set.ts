import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDicom } from '../../dicom/read-data-set.ts';
import { type ReceivedStructureSet, receivedStructureSet } from '../../dicom/rtstruct/received-structure-set.ts';
import type { ReceivedInstance } from '../../dimse/association-info.ts';
import { dimseStatus } from '../../dimse/status.ts';
import { syncFolder } from '../../work/write-once.ts';
import type { Log } from '../../log.ts';
import { pseudonym } from '../../pseudonym.ts';
import { moveExclusively } from '../../store/move.ts';
import { correctionFile, seriesFolder, structureSetsFolder, unmatchedFolder } from '../../work/paths.ts';
import type { Store } from '../../store/store.ts';
import type { DiskWatch } from '../upkeep/disk-watch.ts';
import { matchStructureSet, type StructureSetMatch, type UnmatchedReason } from './match-structure-set.ts';
import { checkNamed, diskFull, refusal, statusOf } from '../receive/refusal.ts';
import type { SeriesLock } from '../series-lock.ts';
import type { UnmatchedStructureSets } from './unmatched-structure-sets.ts';

export interface StructureSetReceiverOptions {
  readonly store: Store;
  readonly unmatched: UnmatchedStructureSets;
  readonly lock: SeriesLock;
  /** Key of the pseudonyms. */
  readonly key: Uint8Array;
  readonly log: Log;
  readonly disk: DiskWatch;
  /** A structure set of this series is to be compared. */
  readonly onMatched: (series: string) => void;
}

/**
 * Receives corrections: checks each structure set, finds its series, names, flushes and records it, and only then answers
 * with success. One that belongs to no series is kept apart. The same content again changes nothing.
 */
export class StructureSetReceiver {
  readonly #options: StructureSetReceiverOptions;

  constructor(options: StructureSetReceiverOptions) {
    this.#options = options;
  }

  /** @returns the status of the response; never rejects */
  readonly store = async (received: ReceivedInstance): Promise<number> => {
    const { key, log, disk } = this.#options;
    const { id: association } = received.association;
    try {
      const file = parseDicom(await readFile(received.path));
      checkNamed(file, received);
      const set = receivedStructureSet(file);
      const structureSet = pseudonym(key, `${set.sopInstanceUid} ${set.contentSha256}`);
      if (!(await disk.hasRoomFor(received.bytes))) throw diskFull();
      await received.flushed;
      await this.#keep(structureSet, set, received);
      return dimseStatus.success;
    } catch (cause) {
      const error = refusal(cause);
      log.warn({ association, err: error }, 'a structure set was refused');
      return statusOf(error.code);
    }
  };

  async #keep(structureSet: string, set: ReceivedStructureSet, received: ReceivedInstance): Promise<void> {
    const { store, key, lock } = this.#options;
    for (;;) {
      const match = matchStructureSet(store, key, set);
      if ('reason' in match) return this.#keepApart(match.reason, structureSet, set, received);
      const kept = await lock.run(match.series, async () => {
        // The series may have been deleted while this waited for its lock.
        const now = matchStructureSet(store, key, set);
        if ('reason' in now || now.series !== match.series) return false;
        await this.#add(now, structureSet, set, received);
        return true;
      });
      if (kept) return;
    }
  }

  async #keepApart(
    reason: UnmatchedReason,
    structureSet: string,
    { approval }: ReceivedStructureSet,
    received: ReceivedInstance,
  ): Promise<void> {
    const { store, lock, unmatched, log } = this.#options;
    const about = { receivedAt: store.nowIso(), sender: senderOf(received), reason, approval };
    await lock.run(unmatchedFolder, () => unmatched.keep(structureSet, received.path, about));
    log.warn({ association: received.association.id, structureSet, reason }, 'a structure set belongs to no series');
  }

  /** With the series' lock. */
  async #add(
    match: Extract<StructureSetMatch, { series: string }>,
    structureSet: string,
    set: ReceivedStructureSet,
    received: ReceivedInstance,
  ): Promise<void> {
    const { store, key, log, onMatched } = this.#options;
    const { series, matchedBy, orders } = match;
    if (store.get(series)?.corrections.some((one) => one.structureSet === structureSet) === true) return;
    const folder = join(store.dataDirectory, structureSetsFolder(series));
    if (!existsSync(folder)) {
      await mkdir(folder, { mode: 0o700 });
      await syncFolder(join(store.dataDirectory, seriesFolder(series)));
    }
    const path = join(folder, correctionFile(structureSet));
    // The name is derived from the content: a crash may have left the file unrecorded.
    if (!existsSync(path)) moveExclusively(received.path, path);
    await syncFolder(folder);
    store.record(series, {
      kind: 'structure set',
      structureSet,
      instance: pseudonym(key, set.sopInstanceUid),
      sender: senderOf(received),
      matchedBy,
      approval: set.approval,
      ...(set.datedAt !== undefined && { datedAt: set.datedAt }),
      orders: [...orders],
    });
    log.info({ series, structureSet, matchedBy, approval: set.approval }, 'correction received');
    onMatched(series);
  }
}

function senderOf({ association }: ReceivedInstance): string {
  return association.peer?.name ?? association.callingAe;
}
