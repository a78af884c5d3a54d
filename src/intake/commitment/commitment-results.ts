import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, Peer } from '../../config/schema.ts';
import { rtStructureSetStorage } from '../../dicom/rtstruct/structure-set.ts';
import { segmentationStorage } from '../../dicom/segmentation/segmentation-input.ts';
import type { CommitmentListener } from '../../dimse/commitment/scu/commitment-result.ts';
import { formatStatus } from '../../dimse/status.ts';
import {
  type CommitmentRequest,
  type CommitmentResult,
  failureInWords,
} from '../../dimse/commitment/storage-commitment.ts';
import { ContourNodeError } from '../../errors.ts';
import { workResultSchema } from '../../work/work-result.ts';
import type { Log } from '../../log.ts';
import { orderFolder, resultFile } from '../../work/paths.ts';
import { problem } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { Store } from '../../store/store.ts';
import type { CommitmentWork } from '../../store/unfinished-work.ts';
import type { SeriesLock } from '../series-lock.ts';

export interface CommitmentResultsOptions {
  readonly store: Store;
  readonly lock: SeriesLock;
  readonly log: Log;
  readonly config: () => Pick<Config, 'dicom' | 'peers' | 'destinations'>;
}

/** The results of this node's storage commitment requests; each is recorded before it is answered. */
export class CommitmentResults implements CommitmentListener {
  readonly #options: CommitmentResultsOptions;
  /** By transaction. */
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();

  constructor(options: CommitmentResultsOptions) {
    this.#options = options;
  }

  expects({ name }: Peer): boolean {
    return this.#options
      .config()
      .destinations.some(
        ({ peer, storageCommitment }) =>
          storageCommitment !== undefined && (peer === name || peer === 'return-to-sender'),
      );
  }

  async told(result: CommitmentResult, peer: string): Promise<boolean> {
    const { store, lock, log } = this.#options;
    const { transactionUid } = result;
    const work = store.commitmentOfTransaction(transactionUid);
    if (work === undefined || this.peerOf(work)?.name !== peer) {
      log.warn({ peer }, 'a storage commitment result without a request of this node was refused');
      return false;
    }
    const uids = (await this.instances(work)).map(({ sopInstanceUid }) => sopInstanceUid);
    const failure = result.failed.find(({ sopInstanceUid }) => uids.includes(sopInstanceUid));
    const committed = new Set(result.committed.map(({ sopInstanceUid }) => sopInstanceUid));
    if (failure === undefined && !uids.every((uid) => committed.has(uid))) {
      log.warn(
        { peer, series: work.series },
        'a storage commitment result that does not name what was delivered was refused',
      );
      return false;
    }
    const outcome = failure === undefined ? 'committed' : 'refused';
    await lock.run(work.series, () => {
      const now = store.commitmentOfTransaction(transactionUid);
      // A repeated result, or one for a structure set that is being sent again.
      if (now === undefined || now.state === outcome) return;
      this.#conclude(now, outcome, failure === undefined ? undefined : refusal(now, failure.reason));
    });
    this.#waiting.get(transactionUid)?.resolve();
    return true;
  }

  /** Resolves when the result of this transaction is recorded; to be followed by `forget`. */
  recorded(transactionUid: string): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(transactionUid, waiting);
    return waiting.promise;
  }

  forget(transactionUid: string): void {
    this.#waiting.delete(transactionUid);
  }

  /** The time for a result is over. */
  async miss({ series, order, destination }: CommitmentWork): Promise<void> {
    const { store, lock } = this.#options;
    await lock.run(series, () => {
      const now = store.commitment(series, order, destination);
      if (now?.state === 'due' || now?.state === 'requested') this.#conclude(now, 'missing', absence(now));
    });
  }

  /** The peer of the destination, as it is configured now. */
  peerOf({ series, destination }: CommitmentWork): Peer | undefined {
    const { store, config } = this.#options;
    const { peers, destinations } = config();
    const peer = destinations.find(({ name }) => name === destination)?.peer;
    const name = peer === 'return-to-sender' ? store.get(series)?.assembly.peer : peer;
    return peers.find((candidate) => candidate.name === name);
  }

  /** The structure set that was delivered, and its segmentation. */
  async instances({ series, revision, order, profile }: CommitmentWork): Promise<CommitmentRequest['references']> {
    const path = join(this.#options.store.dataDirectory, orderFolder(series, revision, order), resultFile);
    const { structureSets } = workResultSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const set = structureSets.find((candidate) => candidate.profile === profile);
    if (set === undefined)
      throw new ContourNodeError('RESULT_CONFLICT', 'the order has no structure set of the profile that was delivered');
    const structureSet = { sopClassUid: rtStructureSetStorage, sopInstanceUid: set.sopInstanceUid };
    if (set.segmentation === undefined) return [structureSet];
    return [structureSet, { sopClassUid: segmentationStorage, sopInstanceUid: set.segmentation.sopInstanceUid }];
  }

  #conclude(
    { series, order, destination }: CommitmentWork,
    outcome: 'committed' | 'refused' | 'missing',
    why: Problem | undefined,
  ): void {
    const { store, log } = this.#options;
    const event = { kind: 'commitment outcome', order, destination, outcome } as const;
    store.record(series, why === undefined ? event : { ...event, problem: why });
    if (why === undefined) log.info({ series, order, destination }, 'storage commitment confirmed');
    else log.error({ series, order, destination, code: why.code }, why.message);
  }
}

function refusal({ destination }: CommitmentWork, reason: number): Problem {
  const words = failureInWords(reason);
  const number = `${formatStatus(reason)}${words === '' ? '' : ` (${words})`}`;
  return problem('COMMITMENT_REFUSED', `${destination} does not keep the structure set: failure reason ${number}`);
}

function absence({ destination, state, problem: last }: CommitmentWork): Problem {
  const why = state === 'requested' ? 'it has taken the request' : (last?.message ?? 'the request was not answered');
  return problem(
    'COMMITMENT_MISSING',
    `${destination} has not confirmed in time that it keeps the structure set (${why})`,
  );
}
