import type { JournalEvent } from './journal.ts';
import type { StageName, StageTime } from './series.ts';

interface Span {
  from: string;
  to?: string | undefined;
}

/**
 * How long the newest images of a series spent in each stage, from its journal. A stage without `to` still runs.
 * `receive` lasts from the first association to the end of the last, `assemble` until the images are checked and ordered
 * (or refused), `queue` until a worker takes the first order, `contour` until the last order is drawn, `deliver` until
 * every destination has its structure set, or will not get it.
 *
 * @param assembling images came that were not looked at yet
 */
export function stageTimes(events: readonly JournalEvent[], assembling: boolean): StageTime[] {
  const reader = new StageReader();
  for (const event of events) reader.read(event);
  return reader.stages(assembling);
}

const order: readonly StageName[] = ['receive', 'assemble', 'queue', 'contour', 'deliver'];

class StageReader {
  #spans = new Map<StageName, Span>();
  /** The last associations: a repeat of known images leads to nothing, and then leaves the times as they are. */
  #arriving = new Map<StageName, Span>();
  /** Orders that are not drawn yet, with their deliveries. */
  readonly #undrawn = new Map<string, readonly { destination: string; profile: string }[]>();
  /** `ORDER DESTINATION` of structure sets that are on their way. */
  readonly #undelivered = new Set<string>();
  #openAssociations = 0;

  stages(assembling: boolean): StageTime[] {
    const spans = assembling ? this.#arriving : this.#spans;
    return order.flatMap((stage) => {
      const span = spans.get(stage);
      if (span === undefined) return [];
      return [{ stage, from: span.from, ...(span.to !== undefined && { to: span.to }) }];
    });
  }

  read(event: JournalEvent): void {
    switch (event.kind) {
      case 'association':
        this.#openAssociations += 1;
        this.#arriving = new Map([['receive', { from: this.#arriving.get('receive')?.from ?? event.at }]]);
        return;
      case 'association ended':
        this.#openAssociations = Math.max(0, this.#openAssociations - 1);
        if (this.#openAssociations > 0) return;
        end(this.#arriving, 'receive', event.at);
        this.#arriving.set('assemble', { from: event.at });
        return;
      case 'revision':
      case 'rejected':
        return this.#lookedAt(event);
      case 'retry':
        this.#startOver(new Map([['assemble', { from: event.at }]]));
        return;
      case 'unrouted':
        return end(this.#spans, 'assemble', event.at);
      case 'ordered':
        end(this.#spans, 'assemble', event.at);
        for (const { order, deliveries } of event.orders)
          this.#undrawn.set(
            order,
            deliveries.filter(({ refused }) => refused === undefined),
          );
        if (event.orders.length > 0) this.#spans.set('queue', { from: event.at });
        return;
      case 'ordered by operator':
        return this.#orderedAgain(event);
      case 'contour started':
        end(this.#spans, 'queue', event.at);
        return begin(this.#spans, 'contour', event.at);
      case 'set aside':
        return this.#drawn(event.order, event.at);
      case 'result':
        return this.#result(event);
      default:
        return this.#readDelivery(event);
    }
  }

  #readDelivery(event: JournalEvent): void {
    switch (event.kind) {
      case 'resend':
        this.#undelivered.add(`${event.order} ${event.destination}`);
        this.#spans.set('deliver', { from: event.at });
        return;
      case 'deliver outcome':
        if (event.next !== 'waiting') this.#delivered(event.order, event.destination, event.at);
        return;
      case 'deliver impossible':
        return this.#delivered(event.order, event.destination, event.at);
      default:
        return;
    }
  }

  /** After a retry no images came: then only the check begins anew. */
  #lookedAt(event: Extract<JournalEvent, { kind: 'revision' | 'rejected' }>): void {
    if (this.#arriving.size > 0) this.#startOver(this.#arriving);
    this.#arriving = new Map();
    if (event.kind === 'rejected') end(this.#spans, 'assemble', event.at);
  }

  #orderedAgain({ orders, at }: Extract<JournalEvent, { kind: 'ordered by operator' }>): void {
    for (const stage of ['contour', 'deliver'] as const) this.#spans.delete(stage);
    this.#spans.set('queue', { from: at });
    for (const { order, deliveries } of orders) this.#undrawn.set(order, deliveries);
  }

  #startOver(spans: Map<StageName, Span>): void {
    this.#spans = spans;
    this.#undrawn.clear();
    this.#undelivered.clear();
  }

  #result(event: Extract<JournalEvent, { kind: 'result' }>): void {
    const seconds = event.timings.reduce((sum, timing) => sum + timing.seconds, 0);
    const started = new Date(Date.parse(event.at) - seconds * 1000).toISOString();
    end(this.#spans, 'queue', started);
    begin(this.#spans, 'contour', started);
    const deliveries = this.#undrawn.get(event.order) ?? [];
    this.#drawn(event.order, event.at);
    for (const { destination, profile } of deliveries) {
      if (event.profiles.includes(profile)) this.#undelivered.add(`${event.order} ${destination}`);
    }
    if (this.#undelivered.size > 0) begin(this.#spans, 'deliver', event.at);
  }

  #drawn(order: string, at: string): void {
    this.#undrawn.delete(order);
    if (this.#undrawn.size > 0) return;
    end(this.#spans, 'queue', at);
    end(this.#spans, 'contour', at);
  }

  #delivered(order: string, destination: string, at: string): void {
    this.#undelivered.delete(`${order} ${destination}`);
    if (this.#undelivered.size === 0) end(this.#spans, 'deliver', at);
  }
}

function begin(spans: Map<StageName, Span>, stage: StageName, from: string): void {
  if (!spans.has(stage)) spans.set(stage, { from });
}

/** The first end of a stage counts, until it begins again. */
function end(spans: Map<StageName, Span>, stage: StageName, to: string): void {
  const span = spans.get(stage);
  if (span !== undefined) span.to ??= to < span.from ? span.from : to;
}
