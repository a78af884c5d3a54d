import { changed } from './changed.ts';
import type { EventOf, JournalEvent } from './events.ts';
import type { Commitment, Delivery } from './orders.ts';

/** Events of one delivery: they name an order and a destination. */
export type DeliveryEvent = Extract<JournalEvent, { order: string; destination: string }>;

/** What one event changes in the deliveries of its order. */
export function evolveDeliveries(deliveries: readonly Delivery[], event: DeliveryEvent): readonly Delivery[] {
  return deliveries.map((one) => (one.destination === event.destination ? evolveDelivery(one, event) : one));
}

function evolveDelivery(delivery: Delivery, event: DeliveryEvent): Delivery {
  const { job, commitment } = delivery;
  switch (event.kind) {
    case 'deliver try': {
      const { deadlineAt, try: tries } = event;
      const started = { ...job, started: false };
      return changed(delivery, { state: 'delivering', tries, deadlineAt, nextTryAt: undefined, job: started });
    }
    case 'deliver started':
      return { ...delivery, job: { ...job, started: true } };
    case 'deliver outcome':
      return afterOutcome(delivery, event);
    case 'deliver impossible':
      return changed(delivery, { state: 'failed', nextTryAt: undefined, problem: event.problem });
    case 'resend':
      return changed(delivery, {
        state: 'waiting',
        nextTryAt: event.at,
        failedTries: 0,
        deadlineAt: undefined,
        problem: undefined,
        // What was told about the structure set that went out before does not count for this one.
        commitment: undefined,
        job: { ...job, since: event.at },
      });
    default:
      return commitment === undefined ? delivery : { ...delivery, commitment: evolveCommitment(commitment, event) };
  }
}

function afterOutcome(delivery: Delivery, event: EventOf<'deliver outcome'>): Delivery {
  const { next, nextTryAt, outcome, status, alarmed, problem, reported, commitmentDeadlineAt, at } = event;
  const { job, failedTries } = delivery;
  return changed(delivery, {
    state: next,
    nextTryAt,
    failedTries: failedTries + (outcome === 'failed' ? 1 : 0),
    status,
    alarmed,
    problem,
    ...(next === 'delivered' && { deliveredAt: at }),
    ...(commitmentDeadlineAt !== undefined && { commitment: newCommitment(at, commitmentDeadlineAt) }),
    job: { ...job, reportedTry: reported ? event.try : job.reportedTry },
  });
}

function newCommitment(at: string, deadlineAt: string): Commitment {
  return { state: 'due', tries: 0, deadlineAt, job: { nextTryAt: at, transactions: [] } };
}

type CommitmentEvent = EventOf<
  'commitment try' | 'commitment try failed' | 'commitment requested' | 'commitment outcome'
>;

function evolveCommitment(commitment: Commitment, event: CommitmentEvent): Commitment {
  const { job } = commitment;
  const asked = changed(job, { nextTryAt: undefined });
  switch (event.kind) {
    case 'commitment try': {
      const { try: tries, nextTryAt, transactionUid } = event;
      return { ...commitment, tries, job: { nextTryAt, transactions: [...job.transactions, transactionUid] } };
    }
    case 'commitment try failed':
      return { ...commitment, problem: event.problem };
    case 'commitment requested':
      return changed(commitment, { state: 'requested', problem: undefined, job: asked });
    default:
      return changed(commitment, { state: event.outcome, problem: event.problem, job: asked });
  }
}
