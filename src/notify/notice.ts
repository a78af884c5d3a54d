import type { Config } from '../config/schema.ts';
import { isAtFault } from '../errors.ts';
import type { JournalEvent } from '../store/events.ts';
import type { Problem } from '../problem.ts';
import { isCheck } from '../warning.ts';
import { isRefusedWhole } from '../store/series-state.ts';

export type Notice = {
  /** Identifies it among the notices of its series; it never changes. */
  readonly key: string;
  readonly kind: Config['notifications']['webhooks'][number]['events'][number];
  /** ISO time from which on it is to be sent. */
  readonly at: string;
  /** One sentence without patient data. */
  readonly text: string;
  readonly problem?: Problem;
  /** The order that it is about. */
  readonly order?: string;
};

export type NoticeLimits = Pick<Config['notifications'], 'incompleteMinutes' | 'lateMinutes'>;

type EventOf<Kind extends JournalEvent['kind']> = Extract<JournalEvent, { kind: Kind }>;

/** A structure set that is not delivered to a destination yet. */
interface DeliveryProgress {
  readonly key: string;
  readonly order: string;
  readonly destination: string;
  readonly dueAt: string;
  /** What its time counts from. */
  readonly since: 'the series was complete' | 'somebody had looked at it';
  /** It waits for a person, who is told by another notice. */
  readonly held: boolean;
}

/**
 * The notices of a series, from its journal: the same journal has the same notices with the same keys. A notice whose `at`
 * is in the future may still become obsolete.
 */
export function noticesOf(events: readonly JournalEvent[], limits: NoticeLimits): Notice[] {
  const notices: Notice[] = [];
  const deliveries = new Map<string, DeliveryProgress>();
  let incomplete: Notice | undefined;
  for (const [index, event] of events.entries()) {
    const number = index + 1;
    // Completing the series before `at` removes the notice; completing it later does not.
    const before = incomplete;
    incomplete = incompleteAfter(event, number, incomplete, limits);
    if (before !== undefined && before !== incomplete && before.at <= event.at) notices.push(before);
    const notice = noticeOf(event, number);
    if (notice !== undefined) notices.push(notice);
    if (event.kind === 'result' && event.check !== undefined) notices.push(checkNotice(event, event.check, number));
    const late = followDeliveries(deliveries, event, number, limits);
    if (late !== undefined) notices.push(late);
  }
  if (incomplete !== undefined) notices.push(incomplete);
  for (const { key, order, destination, dueAt, since, held } of deliveries.values()) {
    if (held) continue;
    const text = `not delivered to ${destination} ${limits.lateMinutes} min after ${since}`;
    notices.push({ key, kind: 'late', at: dueAt, text, order });
  }
  return notices;
}

function incompleteAfter(
  event: JournalEvent,
  number: number,
  standing: Notice | undefined,
  { incompleteMinutes }: NoticeLimits,
): Notice | undefined {
  switch (event.kind) {
    case 'held':
    case 'association ended':
      if (event.problem === undefined) return undefined;
      return (
        standing ?? {
          key: `incomplete-${number}`,
          kind: isRefusedWhole(event.problem) ? 'rejected' : 'incomplete',
          at: later(event.at, incompleteMinutes),
          text: `${isRefusedWhole(event.problem) ? 'rejected' : 'incomplete'}: ${event.problem.message}`,
          problem: event.problem,
        }
      );
    case 'association':
    case 'released':
    case 'revision':
    case 'rejected':
    case 'nothing to contour':
    case 'awaits input':
    case 'beside revision':
      return undefined;
    default:
      return standing;
  }
}

function noticeOf(event: JournalEvent, number: number): Notice | undefined {
  const notice = (kind: Notice['kind'], text: string, problem?: Problem): Notice => ({
    key: `${kind.replaceAll(' ', '-')}-${number}`,
    kind,
    at: event.at,
    text,
    ...(problem !== undefined && { problem }),
    ...('order' in event && { order: event.order }),
  });
  switch (event.kind) {
    case 'rejected':
      return notice('rejected', `rejected: ${event.problem.message}`, event.problem);
    case 'ordered': {
      const problem =
        event.problems[0] ?? event.orders.flatMap(({ deliveries }) => deliveries).find(isRefused)?.refused;
      if (problem === undefined) return undefined;
      const rejected = isAtFault('CT', problem.code);
      return notice(
        rejected ? 'rejected' : 'failed',
        `${rejected ? 'rejected' : 'failed'}: ${problem.message}`,
        problem,
      );
    }
    case 'input doubted':
      return notice('check', event.text);
    case 'result':
      return resultNotice(event, notice);
    case 'set aside':
      return notice('failed', `set aside: ${event.problem.message}`, event.problem);
    case 'deliver impossible':
      return notice('failed', `cannot be delivered to ${event.destination}: ${event.problem.message}`, event.problem);
    case 'deliver outcome':
      return deliveryNotice(event, notice);
    case 'commitment outcome':
      return event.problem === undefined ? undefined : notice('failed', event.problem.message, event.problem);
    default:
      return undefined;
  }
}

type Make = (kind: Notice['kind'], text: string, problem?: Problem) => Notice;

function resultNotice({ status, error, rois, warnings }: EventOf<'result'>, notice: Make): Notice | undefined {
  if (status === 'nothing-found') return notice('nothing found', 'nothing found: no structure set');
  if (status === 'contoured') {
    const found = rois.filter((roi) => roi.found).map(({ name }) => name);
    return notice('contoured', [`contoured: ${found.join(', ')}`, ...warnings.map(({ text }) => text)].join('; '));
  }
  return notice(status, `${status}: ${error?.message ?? 'the worker gave no reason'}`, error);
}

function checkNotice(
  { order, warnings, at }: EventOf<'result'>,
  check: NonNullable<EventOf<'result'>['check']>,
  number: number,
): Notice {
  const what = check === 'held' ? 'held until somebody has looked' : 'somebody has to look';
  const text = [what, ...warnings.filter(isCheck).map((warning) => warning.text)].join('; ');
  return { key: `check-${number}`, kind: 'check', at, text, order };
}

function deliveryNotice(event: EventOf<'deliver outcome'>, notice: Make): Notice | undefined {
  const { destination, next, alarmed, problem } = event;
  const words = problem === undefined ? '' : `: ${problem.message}`;
  if (next === 'failed')
    return notice('failed', `not delivered to ${destination}, and not tried again${words}`, problem);
  if (next === 'delivered' && alarmed)
    return notice('failed', `delivered to ${destination}, which did not take all of it${words}`, problem);
  return undefined;
}

/** Follows the structure sets that are not delivered yet. @returns the notice of one that was delivered late */
function followDeliveries(
  deliveries: Map<string, DeliveryProgress>,
  event: JournalEvent,
  number: number,
  limits: NoticeLimits,
): Notice | undefined {
  const remove = (order: string, destination?: string): void => {
    for (const [name, delivery] of deliveries)
      if (delivery.order === order && (destination ?? delivery.destination) === delivery.destination)
        deliveries.delete(name);
  };
  const change = (orders: readonly string[], to: (delivery: DeliveryProgress) => DeliveryProgress): void => {
    for (const [name, delivery] of deliveries) if (orders.includes(delivery.order)) deliveries.set(name, to(delivery));
  };
  switch (event.kind) {
    case 'ordered':
      event.superseded.forEach((order) => remove(order));
      for (const { order, deliveries: wanted } of event.orders) {
        for (const { destination, refused } of wanted) {
          const key = `late-${number}-${order}-${destination}`;
          if (refused === undefined)
            deliveries.set(`${order} ${destination}`, {
              key,
              order,
              destination,
              dueAt: later(event.at, limits.lateMinutes),
              since: 'the series was complete',
              held: false,
            });
        }
      }
      return undefined;
    case 'result':
      if (event.status !== 'contoured') remove(event.order);
      if (event.check === 'held') change([event.order], (delivery) => ({ ...delivery, held: true }));
      return undefined;
    case 'acknowledged':
      change(event.orders, (delivery) =>
        delivery.held
          ? {
              ...delivery,
              key: `late-${number}-${delivery.order}-${delivery.destination}`,
              dueAt: later(event.at, limits.lateMinutes),
              since: 'somebody had looked at it',
              held: false,
            }
          : delivery,
      );
      return undefined;
    case 'set aside':
      remove(event.order);
      return undefined;
    case 'deliver impossible':
      remove(event.order, event.destination);
      return undefined;
    case 'deliver outcome': {
      if (event.next === 'waiting') return undefined;
      const delivery = deliveries.get(`${event.order} ${event.destination}`);
      remove(event.order, event.destination);
      if (delivery === undefined || event.at < delivery.dueAt) return undefined;
      const minutes = Math.round((Date.parse(event.at) - Date.parse(delivery.dueAt)) / 60_000 + limits.lateMinutes);
      const how = event.next === 'delivered' ? 'delivered' : 'given up for';
      return {
        key: delivery.key,
        kind: 'late',
        at: delivery.dueAt,
        text: `${how} ${event.destination} ${minutes} min after ${delivery.since}`,
        order: event.order,
      };
    }
    default:
      return undefined;
  }
}

function isRefused(delivery: { refused?: Problem | undefined }): boolean {
  return delivery.refused !== undefined;
}

function later(at: string, minutes: number): string {
  return new Date(Date.parse(at) + minutes * 60_000).toISOString();
}
