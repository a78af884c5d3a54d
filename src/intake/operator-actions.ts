import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { CurrentConfig } from '../config/config-in-force.ts';
import type { Recipe } from '../config/recipe-schema.ts';
import type { Config } from '../config/schema.ts';
import { ContourNodeError } from '../errors.ts';
import type { Log } from '../log.ts';
import { comparisonFolder, resultFile } from '../work/paths.ts';
import type {
  Actor,
  OfferedChoice,
  OfferedInput,
  OrderedByHand,
  OrderView,
  SeriesActions,
  SeriesView,
  SeriesState,
  StructureSetView,
} from '../store/series.ts';
import { isToCheck } from '../store/orders.ts';
import type { Store } from '../store/store.ts';
import type { SeriesCompletion } from './complete/complete-series.ts';
import { choicesOf, choiceWords } from './complete/offer-choices.ts';
import type { CtInputs } from './pairing/ct-inputs.ts';
import { isInUse } from './pairing/in-use.ts';
import { inputWords, offeredInputs } from './pairing/offer-inputs.ts';
import { whyImpossible } from './tries/delivery-tries.ts';
import type { Reconciler } from './tries/reconcile.ts';
import type { SeriesAssembly } from './complete/series-assembly.ts';
import type { SeriesLock } from './series-lock.ts';
import type { StorageCommitments } from './commitment/storage-commitments.ts';

export interface ActionOptions {
  readonly store: Store;
  readonly assembly: SeriesAssembly;
  readonly completion: SeriesCompletion;
  readonly inputs: CtInputs;
  readonly reconciler: Reconciler;
  readonly commitments: Pick<StorageCommitments, 'holds'>;
  readonly lock: SeriesLock;
  readonly current: () => CurrentConfig;
  readonly log: Log;
}

const retriable: readonly SeriesState[] = ['rejected', 'unrouted', 'failed', 'set aside'];
const failedOrders: readonly OrderView['state'][] = ['rejected', 'failed', 'set aside'];

/** The actions of an operator, on the page and by commands. */
export class OperatorActions implements SeriesActions {
  readonly #options: ActionOptions;

  constructor(options: ActionOptions) {
    this.#options = options;
  }

  async retry(key: string): Promise<void> {
    const { store, assembly, lock, log } = this.#options;
    await lock.run(key, async () => {
      const series = this.#series(key);
      if (!retriable.includes(series.state))
        throw conflict(series, `only a series that is ${retriable.join(', ')} can be tried again`);
      if (series.images === 0) throw conflict(series, 'nothing of it could be kept; it has to be sent again');
      const failed = series.orders.filter(
        ({ revision, state }) => revision === series.revision && failedOrders.includes(state),
      );
      for (const { folder, tries } of failed) await putAside(join(store.dataDirectory, folder, resultFile), tries);
      store.record(key, { kind: 'retry', orders: failed.map(({ order }) => order) });
      log.info({ series: key }, 'retry by an operator');
    });
    assembly.again(key);
  }

  async resend(key: string, destination?: string): Promise<void> {
    const { store, reconciler, lock, current, log } = this.#options;
    await lock.run(key, () => {
      const series = this.#series(key);
      const sent = series.orders
        .filter(({ revision }) => revision === series.revision)
        .flatMap(({ order, deliveries }) => deliveries.map((delivery) => ({ order, ...delivery })))
        .filter(({ state }) => state === 'delivered' || state === 'failed' || state === 'waiting')
        .filter((delivery) => destination === undefined || delivery.destination === destination);
      if (sent.length === 0)
        throw conflict(series, 'there is no structure set to send again, or its delivery is under way');
      for (const { order, destination: name } of sent) {
        const impossible = whyImpossible(current().config, name, series.peer);
        if (impossible !== undefined) throw new ContourNodeError('STATE_CONFLICT', impossible.message);
        store.record(key, { kind: 'resend', order, destination: name });
      }
      log.info({ series: key }, 'resend by an operator');
    });
    reconciler.series(key);
  }

  async acknowledge(key: string, wanted: readonly string[] | undefined, by: Actor): Promise<void> {
    const { store, reconciler, lock, log } = this.#options;
    await lock.run(key, () => {
      const series = this.#series(key);
      const open = series.orders
        .filter((order) => order.revision === series.revision && isToCheck(order))
        .map(({ order }) => order);
      if (open.length === 0) throw conflict(series, 'it has no warning that somebody still has to look at');
      // What came after the look has not been looked at.
      if (wanted?.some((order) => !open.includes(order)) === true)
        throw conflict(series, 'it was contoured again, or somebody else has looked; look at it again');
      store.record(key, { kind: 'acknowledged', orders: [...(wanted ?? open)], by: by.user });
      log.info({ series: key }, 'warnings looked at by an operator');
    });
    reconciler.series(key);
  }

  async release(key: string): Promise<void> {
    const { assembly, lock, log } = this.#options;
    await lock.run(key, () => {
      this.#series(key);
      assembly.release(key);
    });
    log.info({ series: key }, 'released by an operator');
  }

  async choices(key: string): Promise<readonly OfferedChoice[]> {
    const { store, current } = this.#options;
    return (await choicesOf(store, current().config, key)).map(({ offered }) => offered);
  }

  async choose(key: string, choice: string, by: Actor): Promise<string> {
    const { store, assembly, lock, current, log } = this.#options;
    const text = await lock.run(key, async () => {
      const series = this.#series(key);
      const chosen = (await choicesOf(store, current().config, key)).find(({ offered }) => offered.choice === choice);
      if (chosen === undefined) throw conflict(series, 'there is no such choice of its images; look at it again');
      const { files, offered } = chosen;
      if (offered.problem !== undefined)
        throw conflict(series, `these images cannot be contoured either: ${offered.problem.message}`);
      const words = choiceWords(offered);
      store.record(key, { kind: 'chosen', leftOut: [...files], text: words, by: by.user });
      log.info({ series: key, leftOut: files.length }, 'images chosen by an operator');
      return words;
    });
    assembly.again(key);
    return text;
  }

  async inputChoices(key: string): Promise<readonly OfferedInput[]> {
    const { store, inputs, current } = this.#options;
    return offeredInputs(store, inputs, current().config, key);
  }

  async chooseInput(key: string, input: string, choice: string, by: Actor): Promise<string> {
    const { store, assembly, lock, log } = this.#options;
    const text = await lock.run(key, async () => {
      const series = this.#series(key);
      const offered = await this.inputChoices(key);
      const chosen = offered.find((one) => one.input === input && one.choice === choice);
      if (chosen === undefined) throw conflict(series, 'there is no such choice any more; look at it again');
      const words = inputWords(chosen);
      store.record(key, { kind: 'input chosen', input, choice, text: words, by: by.user });
      log.info({ series: key, input }, 'what is seen beside a CT was chosen by an operator');
      return words;
    });
    assembly.again(key);
    return text;
  }

  async order(key: string, by: OrderedByHand, destinations: readonly string[]): Promise<void> {
    const { completion, lock, current, log } = this.#options;
    await lock.run(key, async () => {
      const series = this.#series(key);
      if (series.modality !== undefined) throw conflict(series, 'it is seen beside a CT and never contoured by itself');
      const { config } = current();
      for (const name of destinations) {
        const impossible = whyImpossible(config, name, series.peer);
        if (impossible !== undefined) throw new ContourNodeError('STATE_CONFLICT', impossible.message);
      }
      const failed = series.orders.filter(
        ({ revision, state }) => revision === series.revision && failedOrders.includes(state),
      );
      await completion.orderByHand(
        key,
        ordered(by, config),
        destinations,
        failed.map(({ order }) => order),
      );
      log.info({ series: key, ...by, destinations }, 'ordered by an operator');
    });
  }

  async confirm(key: string, structureSet: string, confirmed: boolean, by: Actor): Promise<void> {
    const { store, lock, log } = this.#options;
    await lock.run(key, () => {
      const set = this.#structureSet(key, structureSet);
      if (set.comparisons.some(({ own }) => own))
        throw new ContourNodeError(
          'STATE_CONFLICT',
          "it is this node's own structure set, unchanged, and no correction",
          {
            remedy: 'send the structure set that was corrected',
          },
        );
      if ((set.confirmed !== undefined) === confirmed) return;
      store.record(key, { kind: 'confirmed', structureSet, confirmed, by: by.user });
      log.info({ series: key, structureSet, confirmed }, 'confirmation by an operator');
    });
  }

  async compareAgain(key: string, structureSet: string): Promise<void> {
    const { store, reconciler, lock, log } = this.#options;
    await lock.run(key, async () => {
      const { comparisons } = this.#structureSet(key, structureSet);
      const failed = comparisons.filter(({ state }) => state === 'failed' || state === 'not comparable');
      if (failed.length === 0)
        throw new ContourNodeError('STATE_CONFLICT', `no comparison of structure set ${structureSet} has failed`);
      for (const { order, tries } of failed)
        await putAside(join(store.dataDirectory, comparisonFolder(key, structureSet, order), resultFile), tries);
      store.record(key, { kind: 'compare again', structureSet });
      log.info({ series: key, structureSet }, 'compared again by an operator');
    });
    reconciler.series(key);
  }

  async delete(key: string, by: Actor): Promise<void> {
    const { store, assembly, commitments, lock, log } = this.#options;
    await lock.run(key, async () => {
      const series = this.#series(key);
      const busy = series.orders.some(
        ({ state, deliveries }) =>
          state === 'queued' || state === 'contouring' || deliveries.some((one) => one.state === 'delivering'),
      );
      const comparing = series.structureSets.some((set) => set.comparisons.some(({ state }) => state === 'comparing'));
      if (busy || comparing || assembly.isCarried(key))
        throw conflict(series, 'a job of it is under way; delete it when that has ended');
      if (isInUse(store, key)) throw conflict(series, 'a CT that is being contoured or sent is seen with it');
      if (commitments.holds(key))
        throw conflict(series, 'storage commitment was given for it (peers[].storageCommitmentDays)');
      await store.remove(key, by);
      log.warn({ series: key, state: series.state }, 'deleted by an operator');
    });
  }

  #series(key: string): SeriesView {
    const series = this.#options.store.view(key);
    if (series === undefined) throw new ContourNodeError('NOT_FOUND', `no series ${key}`);
    return series;
  }

  #structureSet(key: string, structureSet: string): StructureSetView {
    const found = this.#series(key).structureSets.find((one) => one.structureSet === structureSet);
    if (found === undefined) throw new ContourNodeError('NOT_FOUND', `no structure set ${structureSet}`);
    return found;
  }
}

/** A result is written once: the next one needs its file name. */
async function putAside(path: string, tries: number): Promise<void> {
  await rename(path, path.replace(/\.json$/, `.before-try-${tries + 1}.json`)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

function conflict(series: SeriesView, words: string): ContourNodeError {
  return new ContourNodeError('STATE_CONFLICT', `series ${series.key} is ${series.state}: ${words}`);
}

/** @throws ContourNodeError NOT_FOUND the configuration has no recipe of that name */
function ordered(by: OrderedByHand, { recipes }: Pick<Config, 'recipes'>): string | Recipe {
  if ('bundle' in by) return by.bundle;
  const recipe = recipes.find(({ name }) => name === by.recipe);
  if (recipe !== undefined) return recipe;
  throw new ContourNodeError('NOT_FOUND', `no recipe ${by.recipe}`, { remedy: 'choose one of the configuration' });
}
