import type { EventOf, JournalEvent } from './events.ts';

export type StageName = 'receive' | 'assemble' | 'queue' | 'contour' | 'deliver';

/** Time of the newest images in one stage; ISO times, no `to` while it runs. */
export interface StageTime {
  readonly stage: StageName;
  readonly from: string;
  readonly to?: string;
}

type Spans = { readonly [stage in StageName]?: Omit<StageTime, 'stage'> };

/**
 * How long the newest images of a series spent in each stage. A stage without `to` still runs. `receive` lasts from the
 * first association to the end of the last, `assemble` until the images are checked and ordered (or refused), `queue` until
 * a worker takes the first order, `contour` until the last order is contoured, `deliver` until every destination has its
 * structure set, or will not get it.
 */
export interface Stages {
  readonly spans: Spans;
  /** Of images that are not checked yet: a repeat of known images leads to nothing, and leaves the times as they are. */
  readonly arriving: Spans;
  readonly associations: number;
  /** Orders that are not contoured yet, with their deliveries. */
  readonly uncontoured: { readonly [order: string]: readonly { destination: string; profile: string }[] };
  /** `ORDER DESTINATION` of structure sets that are to be delivered. */
  readonly undelivered: readonly string[];
}

export const noStages: Stages = { spans: {}, arriving: {}, associations: 0, uncontoured: {}, undelivered: [] };

const inOrder: readonly StageName[] = ['receive', 'assemble', 'queue', 'contour', 'deliver'];

/** @param assembling images came that are not checked yet */
export function stageTimes({ spans, arriving }: Stages, assembling: boolean): StageTime[] {
  const shown = assembling ? arriving : spans;
  return inOrder.flatMap((stage) => (shown[stage] === undefined ? [] : [{ stage, ...shown[stage] }]));
}

/** What one event changes. */
export function evolveStages(stages: Stages, event: JournalEvent): Stages {
  const { spans, arriving } = stages;
  switch (event.kind) {
    case 'association': {
      const receive = { from: arriving.receive?.from ?? event.at };
      return { ...stages, arriving: { receive }, associations: stages.associations + 1 };
    }
    case 'association ended': {
      const associations = Math.max(0, stages.associations - 1);
      if (associations > 0) return { ...stages, associations };
      const ended = end(arriving, 'receive', event.at);
      return { ...stages, associations, arriving: { ...ended, assemble: { from: event.at } } };
    }
    case 'revision':
    case 'rejected':
    case 'nothing to contour':
      return checked(stages, event);
    case 'beside revision':
      return { ...stages, arriving: {} };
    case 'retry':
    case 'chosen':
    case 'input came':
    case 'input chosen':
      return startOver(stages, { assemble: { from: event.at } });
    case 'unrouted':
    case 'complete':
      return { ...stages, spans: end(spans, 'assemble', event.at) };
    case 'ordered':
      return ordered({ ...stages, spans: end(spans, 'assemble', event.at) }, event);
    case 'ordered by operator': {
      const { contour: _, deliver: __, ...earlier } = spans;
      return ordered({ ...stages, spans: earlier }, event);
    }
    case 'contour started':
      return { ...stages, spans: begin(end(spans, 'queue', event.at), 'contour', event.at) };
    case 'set aside':
      return contoured(stages, event.order, event.at);
    case 'result':
      return withResult(stages, event);
    case 'acknowledged':
      return stages.undelivered.length === 0 ? stages : { ...stages, spans: begin(stages.spans, 'deliver', event.at) };
    default:
      return evolveDeliveryStage(stages, event);
  }
}

function evolveDeliveryStage(stages: Stages, event: JournalEvent): Stages {
  switch (event.kind) {
    case 'resend': {
      const undelivered = [...stages.undelivered, `${event.order} ${event.destination}`];
      return { ...stages, undelivered, spans: { ...stages.spans, deliver: { from: event.at } } };
    }
    case 'deliver outcome':
      return event.next === 'waiting' ? stages : delivered(stages, event);
    case 'deliver impossible':
      return delivered(stages, event);
    default:
      return stages;
  }
}

/** After a retry no images came: then only the check begins anew. */
function checked(stages: Stages, { kind, at }: EventOf<'revision' | 'rejected' | 'nothing to contour'>): Stages {
  const { arriving } = stages;
  const begun = Object.keys(arriving).length > 0 ? startOver(stages, arriving) : stages;
  return { ...begun, arriving: {}, spans: kind === 'revision' ? begun.spans : end(begun.spans, 'assemble', at) };
}

function startOver(stages: Stages, spans: Spans): Stages {
  return { ...stages, spans, uncontoured: {}, undelivered: [] };
}

function ordered(stages: Stages, { orders, at }: EventOf<'ordered' | 'ordered by operator'>): Stages {
  if (orders.length === 0) return stages;
  const added = orders.map(({ order, deliveries }) => {
    const wanted = deliveries.filter(({ refused }) => refused === undefined);
    return [order, wanted.map(({ destination, profile }) => ({ destination, profile }))] as const;
  });
  return {
    ...stages,
    uncontoured: { ...stages.uncontoured, ...Object.fromEntries(added) },
    spans: { ...stages.spans, queue: { from: at } },
  };
}

/** What is held is delivered once somebody has looked: the stage begins then. */
function withResult(stages: Stages, { order, profiles, timings, check, at }: EventOf<'result'>): Stages {
  const seconds = timings.reduce((sum, timing) => sum + timing.seconds, 0);
  const started = new Date(Date.parse(at) - seconds * 1000).toISOString();
  const spans = begin(end(stages.spans, 'queue', started), 'contour', started);
  const ended = contoured({ ...stages, spans }, order, at);
  const added = (stages.uncontoured[order] ?? [])
    .filter(({ profile }) => profiles.includes(profile))
    .map(({ destination }) => `${order} ${destination}`);
  const undelivered = [...ended.undelivered, ...added];
  if (undelivered.length === 0 || check === 'held') return { ...ended, undelivered };
  return { ...ended, undelivered, spans: begin(ended.spans, 'deliver', at) };
}

function contoured(stages: Stages, order: string, at: string): Stages {
  const { [order]: _, ...uncontoured } = stages.uncontoured;
  if (Object.keys(uncontoured).length > 0) return { ...stages, uncontoured };
  return { ...stages, uncontoured, spans: end(end(stages.spans, 'queue', at), 'contour', at) };
}

function delivered(
  stages: Stages,
  { order, destination, at }: EventOf<'deliver outcome' | 'deliver impossible'>,
): Stages {
  const undelivered = stages.undelivered.filter((one) => one !== `${order} ${destination}`);
  return { ...stages, undelivered, spans: undelivered.length === 0 ? end(stages.spans, 'deliver', at) : stages.spans };
}

function begin(spans: Spans, stage: StageName, from: string): Spans {
  return spans[stage] === undefined ? { ...spans, [stage]: { from } } : spans;
}

/** The first end of a stage counts, until it begins again. */
function end(spans: Spans, stage: StageName, to: string): Spans {
  const span = spans[stage];
  if (span === undefined || span.to !== undefined) return spans;
  return { ...spans, [stage]: { from: span.from, to: to < span.from ? span.from : to } };
}
