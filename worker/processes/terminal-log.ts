import { styleText } from 'node:util';
import { z } from 'zod';
import { problemSchema } from '../../src/problem.ts';

const record = z.looseObject({
  level: z.string(),
  time: z.string(),
  part: z.string().default(''),
  message: z.string().default(''),
  series: z.string().optional(),
  err: z.looseObject({ code: z.string().optional(), message: z.string(), remedy: z.string().optional() }).optional(),
});

/** What src/observe/series-log.ts writes. */
const endedSeries = record.extend({
  series: z.string(),
  ended: z.string(),
  images: z.number(),
  from: z.string(),
  models: z.array(z.string()),
  destinations: z.array(z.string()),
  seconds: z.number().optional(),
  problem: problemSchema.optional(),
});

/** A first try of a delivery that did not succeed: the series is under way, and somebody may have to look at the TPS. */
const triedAgain = record.extend({ series: z.string(), destination: z.string(), try: z.literal(1) });

const told = /taken over|not taken over/;

/**
 * A line of the log for a person at a terminal: one for each series that has ended, warnings and errors with what to do.
 * Undefined for the rest.
 *
 * @param line JSON as src/log.ts writes it; anything else is shown as it is
 */
export function terminalLine(line: string): string | undefined {
  const parsed = record.safeParse(jsonOf(line));
  if (!parsed.success) return line.trim() === '' ? undefined : line;
  const { level, time, part, message, series, err } = parsed.data;
  const clock = new Date(time).toTimeString().slice(0, 8);
  const bad = level !== 'info' && level !== 'debug';
  const ended = endedSeries.safeParse(parsed.data);
  if (ended.success) return `${clock}  ${mark(bad)} ${seriesLine(ended.data)}`;
  // The line of the series says the rest.
  if (series !== undefined && !(bad && triedAgain.safeParse(parsed.data).success)) return undefined;
  if (!bad && !told.test(message)) return undefined;
  const why = err === undefined ? '' : `: ${[err.code, err.message].filter((part) => part !== undefined).join(': ')}`;
  const remedy = err?.remedy === undefined ? '' : ` (${err.remedy})`;
  return `${clock}  ${mark(bad)} ${series === undefined ? `${part}: ` : `series ${series}: `}${message}${why}${remedy}`;
}

function seriesLine(ended: z.output<typeof endedSeries>): string {
  const { series, images, from, models, destinations, seconds, problem } = ended;
  const where = ended.ended === 'delivered' ? ` to ${destinations.join(', ')}` : '';
  const by = models.length === 0 ? '' : `, ${models.join(', ')}`;
  const time = seconds === undefined ? '' : ` after ${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const why = problem === undefined ? '' : `: ${problem.code}: ${problem.message} (${problem.remedy})`;
  return `series ${series}, ${images} images from ${from}${by}: ${ended.ended}${where}${time}${why}`;
}

function mark(bad: boolean): string {
  return bad ? styleText('yellow', '!') : styleText('green', '·');
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
