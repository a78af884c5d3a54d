import { z } from 'zod';
import { approvals } from '../dicom/rtstruct/received-structure-set.ts';
import { problemSchema as problem } from '../problem.ts';
import { warningSchema } from '../warning.ts';
import { comparisonResultSchema } from '../work/correction.ts';
import { inputImageSchema } from '../work/input-image.ts';
import { keySchema as key } from '../work/key.ts';
import { workResultSchema } from '../work/work-result.ts';

/**
 * What can happen to a series, as its journal has it. Names of kinds and fields stay as they are: journals are kept for
 * years. What an event changes in the series' record says series-record.ts; how people read it says history.ts.
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

/** What helps to contour a CT and is never contoured by itself. */
const beside = z.enum(['MR', 'REG']);

/** What an order's result is held by before it is delivered (routes[].hold); absent: by nothing. */
const held = { hold: z.literal('check').optional() };

const event = <Kind extends string, Shape extends z.core.$ZodLooseShape>(kind: Kind, shape: Shape) =>
  z.strictObject({ kind: z.literal(kind), at, ...shape });

export const journalEventSchema = z.discriminatedUnion('kind', [
  /** An association brings the first of its images for this series. */
  event('association', {
    association: z.string(),
    callingAe: z.string(),
    calledAe: z.string(),
    address: z.string(),
    peer: z.string().optional(),
    /** Absent: CT. */
    modality: beside.optional(),
  }),
  /**
   * `unconfirmed`: instances that the sender has to repeat before the series is complete; `unread`: those of them that
   * came on the same association and that may be of another series.
   */
  event('association ended', {
    association: z.string(),
    how: z.enum(['released', 'aborted', 'lost']),
    images: z.int(),
    unconfirmed: z.array(key),
    unread: z.array(key).optional(),
    problem: problem.optional(),
  }),
  event('refused', { instance: key, problem }),
  /** An instance that was refused unread has come again, and is of another series. */
  event('identified elsewhere', { instance: key }),
  /** Quiet, and yet not complete: more of it, or of its study, is on its way. */
  event('waits', { problem }),
  /** It is fetched from its sender by C-MOVE, once. */
  event('retrieve', { peer: z.string(), missing: z.int() }),
  /** What the sender says about that; `problem`: it was not to be had. */
  event('retrieved', { peer: z.string(), completed: z.int(), failed: z.int(), problem: problem.optional() }),
  /** Incomplete: fewer images than the sender has. */
  event('held', { problem, expected: z.int() }),
  /** An operator takes the incomplete series as it is. */
  event('released', {}),
  /** `files`: every image that was checked. */
  event('revision', {
    revision,
    files: z.array(z.string()),
    expected: z.int().optional(),
    warnings: z.array(warningSchema),
    /** What is seen beside the CT. */
    inputs: z.array(inputImageSchema).optional(),
  }),
  /** The newest revision of an MR or a registration can be used beside a CT. */
  event('complete', { revision, modality: beside }),
  /** A CT waits for an MR or a registration that its route wants; `until`: then it goes on without, or is rejected. */
  event('awaits input', { files: z.array(z.string()), until: at, problem }),
  /** A CT that was contoured or rejected is looked at again: what it lacked has come, or something better. */
  event('input came', { series: key }),
  /** What came speaks against the MR that the newest revision was contoured with: `text` says how. Nothing is contoured again. */
  event('input doubted', { text: z.string() }),
  /** An operator chooses the MR, or the CT alone; `choice`: which of those offered. */
  event('input chosen', { input: z.string(), choice: z.string(), text: z.string(), by: z.string() }),
  event('rejected', { files: z.array(z.string()), problem }),
  /** Nothing but localisers or reports: nobody has to look at it. */
  event('nothing to contour', { files: z.array(z.string()), problem }),
  /** Images came after the newest revision and do not belong to its volume: it stays as it is. */
  event('beside revision', {
    revision,
    files: z.array(z.string()),
    what: z.enum(['repeat', 'second acquisition', 'no slices']),
    images: z.int(),
  }),
  /** An operator has some images of a rejected series contoured, without these files; `text`: what was chosen. */
  event('chosen', { leftOut: z.array(z.string()).min(1), text: z.string(), by: z.string() }),
  event('unrouted', { revision }),
  event('ordered', {
    revision,
    route: z.string(),
    priority: z.enum(['urgent', 'normal', 'low']),
    orders: writtenOrders,
    /** Models of the route that could not be ordered. */
    problems: z.array(problem),
    /** Orders that are not to be contoured any more. */
    superseded: z.array(key),
    ...held,
  }),
  /** An operator has it contoured by another bundle, or for another destination; failed orders are given up for it. */
  event('ordered by operator', {
    revision,
    orders: writtenOrders,
    superseded: z.array(key),
    ...held,
  }),
  event('contour try', { order: key, try: tryNumber }),
  event('contour started', { order: key, try: tryNumber }),
  event('contour try failed', { order: key, try: tryNumber, problem, nextTryAt: at.optional() }),
  event('set aside', { order: key, problem }),
  /**
   * `profiles`: those with a structure set. `check`: somebody has to look at its warnings, and whether that holds its
   * delivery, decided when it was recorded.
   */
  event('result', {
    order: key,
    profiles: z.array(z.string()),
    check: z.enum(['held', 'not held']).optional(),
    ...workResultSchema.pick({ status: true, error: true, rois: true, timings: true, warnings: true, networks: true })
      .shape,
  }),
  /** An operator has looked at the warnings of these orders; what was held is to be delivered. */
  event('acknowledged', { orders: z.array(key).min(1), by: z.string() }),
  /** The images are checked and routed again; the orders named, which had failed, are made anew. */
  event('retry', { orders: z.array(key) }),
  event('deliver try', { order: key, destination: z.string(), try: tryNumber, deadlineAt: at }),
  event('deliver started', { order: key, destination: z.string(), try: tryNumber }),
  /** `next`: what follows from the outcome, decided when it was recorded. */
  event('deliver outcome', {
    order: key,
    destination: z.string(),
    try: tryNumber,
    outcome: z.enum(['delivered', 'retry', 'failed']),
    next: z.enum(['delivered', 'waiting', 'failed']),
    nextTryAt: at.optional(),
    /** false: the outcome is unknown, the worker left no report. */
    reported: z.boolean(),
    alarmed: z.boolean(),
    status: z.int().optional(),
    problem: problem.optional(),
    /** The destination is asked for storage commitment; its result is awaited until then. */
    commitmentDeadlineAt: at.optional(),
  }),
  /** A storage commitment request is about to go out; where its answer stays unknown, the next one goes out then. */
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
  /** The destination's result, or `missing` where none came in time; a later result replaces it. */
  event('commitment outcome', {
    order: key,
    destination: z.string(),
    outcome: z.enum(['committed', 'refused', 'missing']),
    problem: problem.optional(),
  }),
  /** A delivery cannot be tried: its destination is gone, or has no address. */
  event('deliver impossible', { order: key, destination: z.string(), problem }),
  /** A channel of `notifications` has sent a notice (src/notify/notice.ts). */
  event('notified', { channel: z.string(), notice: z.string() }),
  event('resend', { order: key, destination: z.string() }),
  /** A correction came in: a structure set of this series, to be compared with the contours of these orders. */
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
  /** An operator has failed comparisons made again. */
  event('compare again', { structureSet: key }),
  /** An operator says that somebody corrected it and stands for it, or takes that back. */
  event('confirmed', { structureSet: key, confirmed: z.boolean(), by: z.string() }),
]);
export type JournalEvent = z.output<typeof journalEventSchema>;
export type EventOf<Kind extends JournalEvent['kind']> = Extract<JournalEvent, { kind: Kind }>;
/** An event as it is recorded: the store adds the time. */
export type NewEvent = JournalEvent extends infer Event
  ? Event extends JournalEvent
    ? Omit<Event, 'at'>
    : never
  : never;
