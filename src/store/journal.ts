import { closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { approvals } from '../dicom/rtstruct/received-structure-set.ts';
import { comparisonResultSchema } from '../work/correction.ts';
import { keySchema as key } from '../work/key.ts';
import { workResultSchema } from '../work/work-result.ts';
import { warningSchema } from '../warning.ts';
import { problemSchema as problem } from '../problem.ts';
import { journalFile } from '../work/paths.ts';

/**
 * What happened to one series, one JSON line an event, only ever appended. Together with the images it is the truth
 * about the series; the tables of state.sqlite are what comes out when the lines are applied one after the other
 * (apply-event.ts), and can be made again from them at any time.
 */

const revision = z.int().positive();
const tryNumber = z.int().positive();
const at = z.iso.datetime();

const writtenOrders = z.array(
  z.strictObject({
    order: key,
    bundle: z.strictObject({ name: z.string(), version: z.string() }),
    deliveries: z.array(z.strictObject({ destination: z.string(), profile: z.string(), refused: problem.optional() })),
  }),
);

const event = <Kind extends string, Shape extends z.core.$ZodLooseShape>(kind: Kind, shape: Shape) =>
  z.strictObject({ kind: z.literal(kind), at, ...shape });

const journalEventSchema = z.discriminatedUnion('kind', [
  /** An association brings the first of its images for this series. */
  event('association', {
    association: z.string(),
    callingAe: z.string(),
    calledAe: z.string(),
    address: z.string(),
    peer: z.string().optional(),
  }),
  /** `unconfirmed`: images that the sender has to repeat before the series counts as whole; empty: nothing is missing. */
  event('association ended', {
    association: z.string(),
    how: z.enum(['released', 'aborted', 'lost']),
    images: z.int(),
    unconfirmed: z.array(key),
    problem: problem.optional(),
  }),
  event('refused', { instance: key, problem }),
  /** Fewer images than the sender has: waits for the rest. */
  event('held', { problem, expected: z.int() }),
  /** An operator takes the series as it is. */
  event('released', {}),
  /** `files`: every image that was looked at. */
  event('revision', {
    revision,
    files: z.array(z.string()),
    expected: z.int().optional(),
    warnings: z.array(warningSchema),
  }),
  event('rejected', { files: z.array(z.string()), problem }),
  event('unrouted', { revision }),
  event('ordered', {
    revision,
    route: z.string(),
    priority: z.enum(['urgent', 'normal', 'low']),
    orders: writtenOrders,
    /** Models of the route that could not be ordered. */
    problems: z.array(problem),
    /** Orders that nobody has to draw any more. */
    superseded: z.array(key),
  }),
  /** An operator has it drawn by another bundle, or for another destination; failed orders are given up for it. */
  event('ordered by operator', {
    revision,
    orders: writtenOrders,
    superseded: z.array(key),
  }),
  event('contour try', { order: key, try: tryNumber }),
  event('contour started', { order: key, try: tryNumber }),
  event('contour try failed', { order: key, try: tryNumber, problem, nextTryAt: at.optional() }),
  event('set aside', { order: key, problem }),
  /** `profiles`: those with a structure set. */
  event('result', {
    order: key,
    profiles: z.array(z.string()),
    ...workResultSchema.pick({ status: true, error: true, rois: true, timings: true, warnings: true }).shape,
  }),
  /** The images are checked and routed again; the orders named, which had failed, are made anew. */
  event('retry', { orders: z.array(key) }),
  event('deliver try', { order: key, destination: z.string(), try: tryNumber, deadlineAt: at }),
  event('deliver started', { order: key, destination: z.string(), try: tryNumber }),
  /** `next`: what follows from the outcome, decided when it was seen. */
  event('deliver outcome', {
    order: key,
    destination: z.string(),
    try: tryNumber,
    outcome: z.enum(['delivered', 'retry', 'failed']),
    next: z.enum(['delivered', 'waiting', 'failed']),
    nextTryAt: at.optional(),
    /** false: the try came to no end that anybody knows of. */
    reported: z.boolean(),
    alarmed: z.boolean(),
    status: z.int().optional(),
    problem: problem.optional(),
    /** The destination is asked for storage commitment, and has to have told the result by then. */
    commitmentDeadlineAt: at.optional(),
  }),
  /** A storage commitment request is about to go out; without a word about how it was answered the next one comes then. */
  event('commitment try', {
    order: key,
    destination: z.string(),
    try: tryNumber,
    transactionUid: z.string(),
    nextTryAt: at,
  }),
  event('commitment try failed', { order: key, destination: z.string(), try: tryNumber, problem }),
  /** The destination has taken the request. */
  event('commitment requested', { order: key, destination: z.string(), try: tryNumber }),
  /** What the destination told, or that it told nothing in time; what it tells later takes the place of that. */
  event('commitment outcome', {
    order: key,
    destination: z.string(),
    outcome: z.enum(['committed', 'refused', 'missing']),
    problem: problem.optional(),
  }),
  /** A delivery cannot be tried: its destination is gone, or has no address. */
  event('deliver impossible', { order: key, destination: z.string(), problem }),
  /** A channel of `notifications` has told somebody; `notice` names what (src/notify/notice.ts). */
  event('notified', { channel: z.string(), notice: z.string() }),
  event('resend', { order: key, destination: z.string() }),
  /** A structure set drawn on this series came from elsewhere; it is to be compared with what these orders drew. */
  event('structure set', {
    structureSet: key,
    /** Pseudonym of its SOP Instance UID. */
    instance: key,
    sender: z.string(),
    matchedBy: z.enum(['images', 'frame of reference']),
    approval: z.enum(approvals),
    datedAt: z.string().optional(),
    orders: z.array(key),
  }),
  event('compare try', { structureSet: key, order: key, try: tryNumber }),
  event('compare started', { structureSet: key, order: key, try: tryNumber }),
  /** Without `nextTryAt` it was the last one. */
  event('compare try failed', { structureSet: key, order: key, try: tryNumber, problem, nextTryAt: at.optional() }),
  event('compared', {
    structureSet: key,
    order: key,
    ...comparisonResultSchema.omit({ formatVersion: true }).shape,
  }),
  /** An operator has what failed compared again. */
  event('compare again', { structureSet: key }),
  /** An operator says that somebody corrected it and stands for it, or takes that back. */
  event('confirmed', { structureSet: key, confirmed: z.boolean(), by: z.string() }),
]);
export type JournalEvent = z.output<typeof journalEventSchema>;
/** An event as it is recorded: the store adds the time. */
export type NewEvent = JournalEvent extends infer Event
  ? Event extends JournalEvent
    ? Omit<Event, 'at'>
    : never
  : never;

/**
 * Appends one event and flushes it to disk. A line that could not be written whole is taken back.
 *
 * @returns the journal's length in bytes before and after
 */
export function appendEvent(
  dataDirectory: string,
  series: string,
  entry: JournalEvent,
): { before: number; after: number } {
  const path = join(dataDirectory, journalFile(series));
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'a');
  try {
    const before = fstatSync(file).size;
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    try {
      let written = 0;
      while (written < line.length) written += writeSync(file, line, written);
      fsyncSync(file);
    } catch (error) {
      ftruncateSync(file, before);
      throw error;
    }
    if (before === 0) syncFolderOf(path);
    return { before, after: before + line.length };
  } finally {
    closeSync(file);
  }
}

export interface Journal {
  readonly events: readonly JournalEvent[];
  readonly bytes: number;
  /** Lines that are no event. */
  readonly unreadable: number;
}

/** Reads a journal, and cuts off a last line that a crash left unfinished. */
export function readJournal(dataDirectory: string, series: string): Journal {
  const path = join(dataDirectory, journalFile(series));
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { events: [], bytes: 0, unreadable: 0 };
  }
  const bytes = content.lastIndexOf(0x0a) + 1;
  if (bytes < content.length) truncate(path, bytes);
  const events: JournalEvent[] = [];
  let unreadable = 0;
  for (const line of content.toString('utf8', 0, bytes).split('\n').slice(0, -1)) {
    const parsed = parseLine(line);
    if (parsed === undefined) unreadable++;
    else events.push(parsed);
  }
  return { events, bytes, unreadable };
}

function parseLine(line: string): JournalEvent | undefined {
  try {
    return journalEventSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function truncate(path: string, bytes: number): void {
  const file = openSync(path, 'r+');
  try {
    ftruncateSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The journal's own name, and that of its folder, have to outlive a power failure too. */
function syncFolderOf(path: string): void {
  for (const folder of [dirname(path), dirname(dirname(path))]) {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}
