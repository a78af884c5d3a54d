import type { FileHandle } from 'node:fs/promises';
import { ContourNodeError } from '../../src/errors.ts';

/** A file within a zip: where its bytes lie. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes; PyTorch stores without compression. */
  readonly size: number;
  readonly headerOffset: number;
}

const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const locator64Signature = 0x07064b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
/** The end record and the longest comment that may follow it. */
const longestEnd = 22 + 0xffff;
/** Of the list of entries: a checkpoint has some thousand. */
const longestDirectory = 64 * 1024 * 1024;
/** Stands in a 32-bit field where the value is in the zip64 part. */
const in64 = 0xffffffff;

/**
 * Lists the entries of a zip from its central directory (PKWARE APPNOTE 4.3), zip64 included; nothing else is read.
 * @param what names the file in the error
 * @throws ContourNodeError CHECKPOINT_UNREADABLE (no zip, truncated, compressed)
 */
export async function zipEntries(file: FileHandle, what: string): Promise<ReadonlyMap<string, ZipEntry>> {
  const { size } = await file.stat();
  const directory = await readDirectory(file, size, what);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at < directory.length;) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== entrySignature) throw unreadable(what);
    const nameLength = directory.readUInt16LE(at + 28);
    const extraLength = directory.readUInt16LE(at + 30);
    const next = at + 46 + nameLength + extraLength + directory.readUInt16LE(at + 32);
    if (next > directory.length) throw unreadable(what);
    const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
    const extra = directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const values = wideValues(
      [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 42)],
      extra,
    );
    if (values === undefined) throw unreadable(what);
    const [plain, stored, headerOffset] = values;
    if (directory.readUInt16LE(at + 10) !== 0 || plain !== stored)
      throw unreadable(what, `${name} in it is compressed, which PyTorch never writes`);
    if (headerOffset + plain > size || entries.has(name)) throw unreadable(what);
    entries.set(name, { name, size: plain, headerOffset });
    at = next;
  }
  return entries;
}

/**
 * Reads `length` bytes of an entry from `offset` on.
 * @throws ContourNodeError CHECKPOINT_UNREADABLE (beyond the entry, truncated)
 */
export async function readEntry(
  file: FileHandle,
  entry: ZipEntry,
  what: string,
  offset = 0,
  length = entry.size,
): Promise<Buffer> {
  if (offset < 0 || length < 0 || offset + length > entry.size) throw unreadable(what);
  const header = await readAt(file, entry.headerOffset, 30, what);
  if (header.readUInt32LE(0) !== localSignature) throw unreadable(what);
  const start = entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  return readAt(file, start + offset, length, what);
}

async function readDirectory(file: FileHandle, size: number, what: string): Promise<Buffer> {
  const tailStart = Math.max(0, size - longestEnd);
  const tail = await readAt(file, tailStart, size - tailStart, what);
  let at = tail.length - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== endSignature) at -= 1;
  if (at < 0) throw unreadable(what);
  let length = tail.readUInt32LE(at + 12);
  let offset = tail.readUInt32LE(at + 16);
  if (length === in64 || offset === in64) {
    if (at < 20 || tail.readUInt32LE(at - 20) !== locator64Signature) throw unreadable(what);
    const end64 = await readAt(file, Number(tail.readBigUInt64LE(at - 12)), 56, what);
    if (end64.readUInt32LE(0) !== end64Signature) throw unreadable(what);
    length = Number(end64.readBigUInt64LE(40));
    offset = Number(end64.readBigUInt64LE(48));
  }
  if (length > longestDirectory || offset + length > size) throw unreadable(what);
  return readAt(file, offset, length, what);
}

/** Replaces every value that does not fit 32 bits by that of the zip64 extra field (APPNOTE 4.5.3). */
function wideValues(values: [number, number, number], extra: Buffer): [number, number, number] | undefined {
  if (!values.includes(in64)) return values;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    const wide = values.map((value) => {
      if (value !== in64) return value;
      next += 8;
      return next > extra.length ? Number.NaN : Number(extra.readBigUInt64LE(next - 8));
    });
    return wide.every(Number.isSafeInteger) ? (wide as [number, number, number]) : undefined;
  }
  return undefined;
}

async function readAt(file: FileHandle, position: number, length: number, what: string): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) throw unreadable(what);
    done += bytesRead;
  }
  return buffer;
}

function unreadable(what: string, why = 'it is no whole zip file as PyTorch writes them'): ContourNodeError {
  return new ContourNodeError('CHECKPOINT_UNREADABLE', `${what}: ${why}`);
}
