import { asContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { problemFrom } from '../../problem.ts';
import type { EventOf } from '../../store/events.ts';
import type { NotYet } from './complete-series.ts';

/** Series that are being fetched from their sender. */
export class Retrievals {
  readonly #running = new Set<string>();

  isRunning(series: string): boolean {
    return this.#running.has(series);
  }

  /** It will be fetched. To be called while nothing else can happen to the series. */
  begin(series: string): void {
    this.#running.add(series);
  }

  /** Fetches it. @returns what the journal says of it */
  async run(
    series: string,
    { peer, run }: Extract<NotYet, { kind: 'retrieve' }>,
    log: Log,
  ): Promise<Omit<EventOf<'retrieved'>, 'at'>> {
    const outcome = await run().catch((error: unknown) => {
      const words = 'the missing images of a series were not to be had';
      log.warn({ series, peer, err: asContourNodeError(error) }, words);
      return { completed: 0, failed: 0, problem: problemFrom(error) };
    });
    this.#running.delete(series);
    return { kind: 'retrieved', peer, ...outcome };
  }
}
