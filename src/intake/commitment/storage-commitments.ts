import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, Peer } from '../../config/schema.ts';
import { configuredPeer } from '../../dimse/scu/configured-peer.ts';
import type { AssociationInfo } from '../../dimse/association-info.ts';
import type { CommitmentProvider } from '../../dimse/commitment/scp/commitment-exchange.ts';
import { reportCommitment } from '../../dimse/commitment/scp/commitment-report.ts';
import {
  type CommitmentRequest,
  type CommitmentResult,
  failureReason,
  type InstanceReference,
} from '../../dimse/commitment/storage-commitment.ts';
import { asContourNodeError, ContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { pseudonym } from '../../pseudonym.ts';
import { instancesFolder } from '../../work/paths.ts';
import type { Store } from '../../store/store.ts';
import { delayAfter, retries } from '../../retries.ts';
import type { Clock } from '../../clock.ts';
import { type Commitment, CommitmentFiles } from './commitment-file.ts';
import type { SeriesLock } from '../series-lock.ts';

export interface StorageCommitmentOptions {
  readonly store: Store;
  readonly lock: SeriesLock;
  readonly key: Uint8Array;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => Pick<Config, 'dicom' | 'peers'>;
}

const day = 86_400_000;
const timeoutSeconds = 30;

/**
 * Storage commitment as SCP. The result of a request depends on the files on the disk. It is recorded before the request is
 * answered, and reported on the same association, or on new ones until the peer accepts it. Retention leaves the
 * instances for peers[].storageCommitmentDays.
 */
export class StorageCommitments implements CommitmentProvider {
  readonly #options: StorageCommitmentOptions;
  readonly #files: CommitmentFiles;
  /** Series under commitment, and until when (ms since 1970). */
  readonly #committed = new Map<string, number>();
  readonly #known = new Map<string, Commitment>();
  /** Of those known: the report is over. */
  readonly #reported = new Set<string>();
  readonly #cancels = new Map<string, () => void>();
  readonly #running = new Set<Promise<void>>();
  readonly #ending = new AbortController();

  constructor(options: StorageCommitmentOptions) {
    this.#options = options;
    this.#files = new CommitmentFiles(options.store.dataDirectory);
  }

  /** Takes up what is recorded. */
  async recover(): Promise<void> {
    for (const { key, commitment, reported } of await this.#files.read()) {
      this.#known.set(key, commitment);
      this.#hold(commitment.series, commitment.until);
      if (reported) this.#reported.add(key);
      else this.#reportAfter(key, commitment, 1, 0);
    }
    await this.#forget();
  }

  /** Whether this series must stay. */
  holds(series: string): boolean {
    return (this.#committed.get(series) ?? 0) > this.#options.clock.now();
  }

  async commit(association: AssociationInfo, request: CommitmentRequest): Promise<void> {
    const { clock, log } = this.#options;
    const { peer } = association;
    await this.#forget();
    if (peer === undefined) throw new ContourNodeError('INTERNAL', 'storage commitment without a configured peer');
    const key = this.#keyOf(peer, request);
    const known = this.#known.get(key);
    if (known !== undefined) {
      // A repeated request gets the same result; other instances under a known transaction are refused.
      if (sameInstances(known.result, request)) return;
      throw new ContourNodeError('STATE_CONFLICT', 'a storage commitment transaction with other instances than before');
    }
    const now = clock.now();
    const until = now + peer.storageCommitmentDays * day;
    const places = this.#placesOf(request.references);
    const series = [...new Set([...places.values()].flatMap((all) => all.map((place) => place.series)))];
    // Before the files are checked: those that are found then stay.
    this.#hold(series, until);
    const result = await this.#judge(request, places);
    const commitment = { peer: peer.name, calledAe: association.calledAe, requestedAt: now, until, series, result };
    await this.#files.write(key, commitment);
    this.#known.set(key, commitment);
    log.info(
      { association: association.id, committed: result.committed.length, failed: result.failed.length },
      'storage commitment requested',
    );
  }

  answered(
    { peer }: AssociationInfo,
    request: CommitmentRequest,
    here: (result: CommitmentResult) => Promise<void>,
  ): void {
    if (peer === undefined) return;
    const key = this.#keyOf(peer, request);
    const commitment = this.#known.get(key);
    if (commitment === undefined) return;
    this.#run(
      here(commitment.result).then(
        () => this.#told(key, commitment),
        () => this.#reportAfter(key, commitment, 1, 0),
      ),
    );
  }

  /** Ends the reports that are under way; the next start takes them up. */
  async close(): Promise<void> {
    this.#ending.abort();
    for (const cancel of this.#cancels.values()) cancel();
    await Promise.all(this.#running);
  }

  /** Forgets commitments whose report and time are over. */
  async #forget(): Promise<void> {
    const now = this.#options.clock.now();
    for (const [key, { until }] of this.#known) {
      if (until > now || !this.#reported.has(key)) continue;
      await this.#files.remove(key);
      this.#known.delete(key);
      this.#reported.delete(key);
    }
    for (const [series, until] of this.#committed) if (until <= now) this.#committed.delete(series);
  }

  #keyOf(peer: Peer, { transactionUid }: CommitmentRequest): string {
    return pseudonym(this.#options.key, `${peer.name}\n${transactionUid}`);
  }

  #hold(series: readonly string[], until: number): void {
    for (const one of series) this.#committed.set(one, Math.max(until, this.#committed.get(one) ?? 0));
  }

  /** Where each instance lies, by its SOP Instance UID; the same instance may be in several series. */
  #placesOf(
    references: readonly InstanceReference[],
  ): Map<string, { series: string; file: string; sopClassUid: string }[]> {
    const { store, key } = this.#options;
    const wanted = new Map(references.map(({ sopInstanceUid }) => [pseudonym(key, sopInstanceUid), sopInstanceUid]));
    const places = new Map<string, { series: string; file: string; sopClassUid: string }[]>();
    for (const { instance, ...place } of store.findInstances([...wanted.keys()])) {
      const uid = wanted.get(instance)!;
      places.set(uid, [...(places.get(uid) ?? []), place]);
    }
    return places;
  }

  async #judge(
    { transactionUid, references }: CommitmentRequest,
    places: ReadonlyMap<string, readonly { series: string; file: string; sopClassUid: string }[]>,
  ): Promise<CommitmentResult> {
    const committed: InstanceReference[] = [];
    const failed: (InstanceReference & { reason: number })[] = [];
    for (const reference of references) {
      const found = places.get(reference.sopInstanceUid) ?? [];
      const kept = await Promise.all(found.map((place) => this.#isKept(place)));
      if (!kept.includes(true)) failed.push({ ...reference, reason: failureReason.noSuchObjectInstance });
      else if (found.some(({ sopClassUid }, i) => kept[i] === true && sopClassUid === reference.sopClassUid))
        committed.push(reference);
      else failed.push({ ...reference, reason: failureReason.classInstanceConflict });
    }
    return { transactionUid, committed, failed };
  }

  #isKept({ series, file }: { series: string; file: string }): Promise<boolean> {
    const { store, lock } = this.#options;
    const path = join(store.dataDirectory, instancesFolder(series), file);
    return lock.run(series, () =>
      stat(path).then(
        ({ size }) => size > 0,
        () => false,
      ),
    );
  }

  #reportAfter(
    key: string,
    commitment: Commitment,
    tries: number,
    delay = delayAfter(tries, retries.commitmentReport),
  ): void {
    if (this.#ending.signal.aborted) return;
    const cancel = this.#options.clock.after(delay, () => {
      this.#cancels.delete(key);
      this.#run(this.#report(key, commitment, tries));
    });
    this.#cancels.set(key, cancel);
  }

  async #report(key: string, commitment: Commitment, tries: number): Promise<void> {
    const { config, clock, log } = this.#options;
    const { dicom, peers } = config();
    const peer = peers.find(({ name }) => name === commitment.peer);
    try {
      const address = peer === undefined ? undefined : configuredPeer(peer, dicom);
      if (address === undefined) {
        throw new ContourNodeError(
          'PEER_UNREACHABLE',
          `peers[].host and port of ${commitment.peer} are not configured`,
        );
      }
      await reportCommitment(address, commitment.result, {
        callingAe: dicom.aeTitle,
        timeoutSeconds,
        signal: this.#ending.signal,
      });
      await this.#told(key, commitment);
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      const err = asContourNodeError(error);
      if (clock.now() - commitment.requestedAt > retries.commitmentReport.giveUpDays * day) {
        log.error({ err, peer: commitment.peer }, 'a storage commitment result could not be reported and is given up');
        this.#reported.add(key);
        await this.#files.writeReport(key, 'given up');
        return;
      }
      log.warn(
        { err, peer: commitment.peer, tries },
        'a storage commitment result could not be reported; it is tried again',
      );
      this.#reportAfter(key, commitment, tries + 1);
    }
  }

  async #told(key: string, { peer, result }: Commitment): Promise<void> {
    this.#options.log.info({ peer, failed: result.failed.length }, 'storage commitment result reported');
    this.#reported.add(key);
    await this.#files.writeReport(key, 'told');
  }

  #run(work: Promise<void>): void {
    const guarded = work
      .catch((error: unknown) =>
        this.#options.log.error({ err: asContourNodeError(error) }, 'a storage commitment step failed'),
      )
      .finally(() => this.#running.delete(guarded));
    this.#running.add(guarded);
  }
}

function sameInstances(result: CommitmentResult, { references }: CommitmentRequest): boolean {
  const keys = (all: readonly InstanceReference[]): string =>
    all
      .map((one) => `${one.sopClassUid} ${one.sopInstanceUid}`)
      .sort()
      .join();
  return keys([...result.committed, ...result.failed]) === keys(references);
}
