import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText } from '../dicom/character-set.ts';
import { asContourNodeError } from '../errors.ts';
import { checks, delayAfter, retries } from '../retries.ts';
import { shownValues } from '../store/shown-patient.ts';
import { contactSheetFile } from '../work/picture-files.ts';
import { wasContoured } from '../store/orders.ts';
import type { Channel } from './channel.ts';
import type { Message } from './message.ts';
import { type Notice, noticesOf } from './notice.ts';
import type { NotifierOptions } from './notifier-options.ts';

const hour = 3_600_000;
/** So long a message waits for the contact sheet that goes with it, which is made after the structure set. */
const picturesSeconds = 60;
const longestPause = checks.noticesSeconds * 1000;

/** The notices that one channel has still to send: one at a time, each with its own tries. */
export class ChannelRound {
  readonly #channel: Channel;
  readonly #options: NotifierOptions;
  /** Series that may have notices, and when to look at them again (ms since 1970). */
  readonly #watched = new Map<string, number>();
  /** By series, then by the notice's key. */
  readonly #tries = new Map<string, Map<string, { tries: number; at: number }>>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #cancel: () => void = () => {};

  constructor(channel: Channel, options: NotifierOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  /** The series may have a notice. */
  watch(series: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#watched.set(series, 0);
    if (this.#running === undefined) this.#wake(0);
  }

  /** Ends the message that is being sent; the next start sends it again. */
  async close(): Promise<void> {
    this.#stopping.abort();
    this.#cancel();
    await this.#running;
  }

  #wake(milliseconds: number): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(milliseconds, () => {
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
        if (this.#watched.size === 0 || this.#stopping.signal.aborted) return;
        const next = Math.min(...this.#watched.values()) - this.#options.clock.now();
        this.#wake(Math.max(checks.shortestPauseSeconds * 1000, Math.min(next, longestPause)));
      });
    });
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    for (const [series, at] of this.#watched) {
      if (this.#stopping.signal.aborted) return;
      if (at > clock.now()) continue;
      // An event from here on sets it again.
      this.#watched.set(series, Number.POSITIVE_INFINITY);
      try {
        await this.#sendOf(series);
      } catch (error) {
        log.error({ series, channel: this.#channel.name, err: asContourNodeError(error) }, 'a notice was not sent');
        this.#watched.set(series, clock.now() + longestPause);
      }
    }
  }

  async #sendOf(series: string): Promise<void> {
    const { clock } = this.#options;
    for (const notice of this.#unsent(series)) {
      if (this.#stopping.signal.aborted) return;
      if (this.#dueAt(series, notice) <= clock.now()) await this.#send(series, notice);
    }
    const left = this.#unsent(series).map((notice) => this.#dueAt(series, notice));
    if (left.length > 0) this.#watched.set(series, Math.min(this.#watched.get(series) ?? 0, ...left));
    else if (this.#watched.get(series) === Number.POSITIVE_INFINITY) {
      this.#watched.delete(series);
      this.#tries.delete(series);
    }
  }

  #dueAt(series: string, { key, at }: Notice): number {
    return this.#tries.get(series)?.get(key)?.at ?? Date.parse(at);
  }

  /** The notices of a series that are not sent and not too old, due or not. */
  #unsent(series: string): Notice[] {
    const { store, current, clock } = this.#options;
    const { name, events: wanted } = this.#channel;
    const { notifications } = current();
    const events = store.events(series);
    const sent = new Set(
      events.flatMap((event) => (event.kind === 'notified' && event.channel === name ? [event.notice] : [])),
    );
    const oldest = new Date(clock.now() - notifications.giveUpHours * hour).toISOString();
    return noticesOf(events, notifications).filter(
      ({ key, kind, at }) => wanted.includes(kind) && !sent.has(key) && at > oldest,
    );
  }

  async #send(series: string, notice: Notice): Promise<void> {
    const { store, lock, clock } = this.#options;
    try {
      const contactSheet = this.#channel.contactSheet ? await this.#contactSheet(series, notice.order) : undefined;
      const inTime = clock.now() < Date.parse(notice.at) + picturesSeconds * 1000;
      if (contactSheet === 'not yet' && inTime) {
        this.#again(series, notice, { tries: 0, at: clock.now() + checks.contactSheetSeconds * 1000 });
        return;
      }
      await this.#channel.send(
        this.#message(series, notice),
        this.#stopping.signal,
        contactSheet === 'not yet' ? undefined : contactSheet,
      );
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#postpone(series, notice, error as Error);
      return;
    }
    await lock.run(series, () => {
      // Retention may have removed it meanwhile.
      if (store.get(series) !== undefined)
        store.record(series, { kind: 'notified', channel: this.#channel.name, notice: notice.key });
    });
  }

  #postpone(series: string, notice: Notice, error: Error): void {
    const { log, clock, current } = this.#options;
    const { retrySeconds, giveUpHours } = current().notifications;
    const tries = (this.#tries.get(series)?.get(notice.key)?.tries ?? 0) + 1;
    const at = clock.now() + delayAfter(tries, { ...retries.notice, firstSeconds: retrySeconds });
    this.#again(series, notice, { tries, at });
    const givenUp = at > Date.parse(notice.at) + giveUpHours * hour;
    const words = `${this.#channel.name}: ${error.message}; ${givenUp ? 'given up' : 'it is tried again'}`;
    log[givenUp ? 'error' : 'warn']({ series, kind: notice.kind, tries }, `a notice was not sent: ${words}`);
  }

  #again(series: string, { key }: Notice, next: { tries: number; at: number }): void {
    const ofSeries = this.#tries.get(series) ?? new Map<string, { tries: number; at: number }>();
    this.#tries.set(series, ofSeries.set(key, next));
  }

  #message(series: string, { key, kind, at, text, problem }: Notice): Message {
    const { notifications, dicom } = this.#options.current();
    const { pageUrl } = notifications;
    const patient = this.#channel.includePatient ? this.#patient(series) : undefined;
    return {
      id: `${series}.${key}.${this.#channel.name}`,
      kind,
      at,
      node: dicom.aeTitle,
      series,
      text,
      ...(problem !== undefined && { code: problem.code, remedy: problem.remedy }),
      ...(pageUrl !== undefined && { url: new URL(`series/${series}`, pageUrl.replace(/\/*$/, '/')).href }),
      ...(patient !== undefined && { patient }),
    };
  }

  /** undefined where nothing was contoured; the pictures come after the result. */
  async #contactSheet(series: string, order: string | undefined): Promise<Buffer | 'not yet' | undefined> {
    const { store } = this.#options;
    const found = store.view(series)?.orders.find((one) => one.order === order);
    if (found === undefined || !wasContoured(found)) return undefined;
    return readFile(join(store.dataDirectory, found.folder, contactSheetFile)).catch(() => 'not yet' as const);
  }

  #patient(series: string): { name: string; id: string } | undefined {
    const { store, current } = this.#options;
    const values = shownValues(store, current().peers, series);
    if (values === undefined) return undefined;
    const { name, patientId, characterSet } = values.identity;
    const text = (hex: string): string => decodeText(Buffer.from(hex, 'hex'), characterSet.split('\\'));
    return { name: text(name), id: text(patientId) };
  }
}
