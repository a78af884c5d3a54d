import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { journalFile } from '../work/paths.ts';
import { type JournalEvent, journalEventSchema } from './events.ts';

/**
 * The journal of a series: one JSON line an event, only ever appended. Together with the images it is the truth about the
 * series; the rest is folded from it (series-record.ts) and can be folded again at any time.
 */

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

/** Length of a journal in bytes; 0 where there is none. */
export function journalBytes(dataDirectory: string, series: string): number {
  return statSync(join(dataDirectory, journalFile(series)), { throwIfNoEntry: false })?.size ?? 0;
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
