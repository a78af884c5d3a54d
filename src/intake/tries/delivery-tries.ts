import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { deliverJobId, deliverQueue } from '../../jobs/queue-names.ts';
import { type DeliveryTry, deliveryTrySchema } from '../../work/delivery-try.ts';
import { isErrorCode } from '../../errors.ts';
import { faultPoint } from '../../fault-point.ts';
import { deliveryTryFile } from '../../work/paths.ts';
import { problem, problemFromText } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { DeliveryWork } from '../../store/unfinished-work.ts';
import { delayAfter, isToWait, retries } from '../../retries.ts';
import type { Clock } from '../../clock.ts';
import type { TryContext } from './try-context.ts';

/**
 * One delivery's next step, decided from the disk first: what a worker wrote about the last try is recorded, and the
 * next try is queued when it is due.
 *
 * @throws REDIS_UNAVAILABLE; what the disk throws
 */
export async function advanceDelivery(options: TryContext, work: DeliveryWork): Promise<void> {
  const { queues, store } = options;
  if (work.job.reportedTry < work.tries && (await recordReport(options, work))) return;
  if (work.state === 'waiting') return queueTry(options, work);

  const { series, revision, order, profile, destination } = work;
  const payload = { series, revision, order, profile, destination, try: work.tries };
  const { state, failedReason } = await queues.statusOf(deliverQueue(destination), deliverJobId(payload));
  if (state === 'waiting') return;
  if (state === 'active') {
    if (!work.job.started) store.record(series, { kind: 'deliver started', order, destination, try: work.tries });
    return;
  }
  if (state === 'missing' && !work.job.started) return queues.addDeliver(payload);
  if (await recordReport(options, work)) return;
  const words = failedReason ?? 'outcome unknown: the worker left no report';
  decide(options, work, {
    outcome: 'retry',
    alarmed: false,
    reported: false,
    problem: problemFromText(words, 'STORE_NO_RESPONSE'),
  });
}

async function queueTry(options: TryContext, work: DeliveryWork): Promise<void> {
  const { store, queues, current, clock, log, enqueue } = options;
  const { series, revision, order, profile, destination } = work;
  const { config } = current();
  if (isToWait(work.nextTryAt, clock.now(), delayOf(config, work))) return;
  const impossible = whyImpossible(config, destination, store.get(series)?.assembly.peer);
  if (impossible !== undefined) {
    store.record(series, { kind: 'deliver impossible', order, destination, problem: impossible });
    log.error({ series, destination }, `delivery is impossible: ${impossible.message}`);
    return;
  }
  const retryHours = config.destinations.find(({ name }) => name === destination)!.retryHours;
  const deadlineAt = work.deadlineAt ?? new Date(clock.now() + retryHours * 3_600_000).toISOString();
  const number = work.tries + 1;
  await enqueue(deliverQueue(destination), async () => {
    store.record(series, { kind: 'deliver try', order, destination, try: number, deadlineAt });
    faultPoint('deliver-try-recorded');
    await queues.addDeliver({ series, revision, order, profile, destination, try: number });
  });
}

/** Why nothing can be sent to a destination under this configuration. */
export function whyImpossible(config: Config, name: string, sender: string | undefined): Problem | undefined {
  const destination = config.destinations.find((candidate) => candidate.name === name);
  if (destination === undefined) return problem('CONFIG_INVALID', `destination ${name} is not configured any more`);
  if (destination.peer !== 'return-to-sender') return undefined;
  const peer = config.peers.find((candidate) => candidate.name === sender);
  if (peer?.host !== undefined && peer.port !== undefined) return undefined;
  return problem('CONFIG_INVALID', 'return-to-sender: the sender is no configured peer with host and port');
}

interface Ending extends Pick<DeliveryTry, 'outcome' | 'alarmed' | 'status'> {
  /** A worker said so. */
  readonly reported: boolean;
  readonly problem?: Problem;
}

/** Records how a try ended, and what follows from it. */
function decide({ store, clock, log, current }: TryContext, work: DeliveryWork, ending: Ending): void {
  const { series, order, destination } = work;
  const { outcome, alarmed, status, reported } = ending;
  const now = clock.now();
  const next = nextState(work, outcome, now);
  const configured = current().config.destinations.find(({ name }) => name === destination);
  const waitMinutes = configured?.storageCommitment?.waitMinutes;
  store.record(series, {
    kind: 'deliver outcome',
    order,
    destination,
    try: work.tries,
    outcome,
    next,
    reported,
    alarmed,
    ...(status !== undefined && { status }),
    ...(ending.problem !== undefined && { problem: ending.problem }),
    ...(next === 'waiting' && { nextTryAt: nextTryAt(work, now, delayOf(current().config, work)) }),
    ...(next === 'delivered' && waitMinutes !== undefined && { commitmentDeadlineAt: minutesFrom(clock, waitMinutes) }),
  });
  const fields = { series, order, destination, try: work.tries, status, code: ending.problem?.code };
  if (next === 'delivered' && !alarmed) log.info(fields, 'delivered');
  else if (next === 'delivered') log.warn(fields, 'delivered with a status that somebody should look at');
  else if (next === 'waiting') log.warn(fields, `not delivered, it is tried again: ${ending.problem?.message ?? ''}`);
  else log.error(fields, `delivery failed: ${ending.problem?.message ?? ''}`);
}

function minutesFrom(clock: Clock, minutes: number): string {
  return new Date(clock.now() + minutes * 60_000).toISOString();
}

function nextState(
  work: DeliveryWork,
  outcome: DeliveryTry['outcome'],
  now: number,
): 'delivered' | 'waiting' | 'failed' {
  if (outcome === 'delivered') return 'delivered';
  if (outcome === 'failed' && work.failedTries + 1 >= retries.delivery.maximumRefusals) return 'failed';
  return work.deadlineAt !== undefined && now >= Date.parse(work.deadlineAt) ? 'failed' : 'waiting';
}

/** Growing distances, with a last try at the deadline itself. */
function nextTryAt(work: DeliveryWork, now: number, delay: number): string {
  const deadline = work.deadlineAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(work.deadlineAt);
  return new Date(Math.min(deadline, now + delay)).toISOString();
}

/** Milliseconds from the last try to the next. */
function delayOf(config: Config, { destination, tries }: DeliveryWork): number {
  const firstSeconds = config.destinations.find(({ name }) => name === destination)?.retrySeconds ?? 60;
  return delayAfter(tries, { ...retries.delivery, firstSeconds });
}

/** Whether a worker wrote how the last try ended; it then stands in the store. */
async function recordReport(options: TryContext, work: DeliveryWork): Promise<boolean> {
  const { series, revision, order, destination } = work;
  const path = join(options.store.dataDirectory, deliveryTryFile(series, revision, order, destination, work.tries));
  const report = await readReport(path);
  if (report === undefined) return false;
  faultPoint('delivery-seen');
  const { outcome, alarmed, status, code, message = '', remedy } = report;
  decide(options, work, {
    outcome,
    alarmed,
    reported: true,
    ...(status !== undefined && { status }),
    ...(code !== undefined && { problem: reportedProblem(code, message, remedy) }),
  });
  return true;
}

function reportedProblem(code: string, message: string, remedy: string | undefined): Problem {
  const usual = isErrorCode(code) ? problem(code, message) : { code, message, remedy: '' };
  return { ...usual, ...(remedy !== undefined && { remedy }) };
}

/** A report that cannot be read says nothing: the try counts as one without an end. */
async function readReport(path: string): Promise<DeliveryTry | undefined> {
  try {
    return deliveryTrySchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || code === 'ENOENT') return undefined;
    throw error;
  }
}
