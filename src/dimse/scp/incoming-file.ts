import { randomUUID } from 'node:crypto';
import { closeSync, fdatasync, openSync, write, writev, writevSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { callbackify, promisify } from 'node:util';

/** Bytes that may wait for the disk before nothing more is read from the peer. */
const backlogLimit = 512 * 1024;
/** The socket delivers small chunks; so many bytes are collected for one write. */
const writeSize = 256 * 1024;
/** A write of `writeSize` that takes longer has waited for the disk, which then counts as lagging for a while. */
const slowWriteMilliseconds = 5;
const lagMilliseconds = 10_000;
let lagsUntil = 0;

/** Suffix of instances that are on their way; the next start removes those that a crash left. */
export const incomingSuffix = '.part';

const writeBuffers = promisify(writev);
const writeBuffer = promisify(write);
const flush = promisify(fdatasync);

/**
 * One instance on its way to disk: the header, then everything that is written. When it is finished, the file is
 * complete; when `flushed` resolves, it is on the disk. Destroyed before it is finished, or after an error, it leaves no
 * file.
 *
 * A busy machine takes a millisecond to hand work to another thread and back. So the main thread opens the file, and
 * writes it while the disk keeps up; only the flush runs in the thread pool.
 */
export class IncomingFile extends Writable {
  readonly path: string;
  readonly #header: Buffer;
  readonly #sync: boolean;
  readonly #onProgress: () => void;
  #descriptor: number | undefined;
  #size = 0;
  #complete = false;
  #writing: Promise<number> = Promise.resolve(0);
  #flushed: Promise<void> = Promise.resolve();
  readonly #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  /** Why the file could not be written; the rest of the data set is discarded. */
  failure: NodeJS.ErrnoException | undefined;

  /** @param onProgress called whenever bytes have reached the disk, and at an error */
  constructor(options: { directory: string; header: Buffer; sync: boolean; onProgress: () => void }) {
    // write() must never ask the library to wait: it would go on with the next PDU before the rest of this one.
    super({ highWaterMark: Number.MAX_SAFE_INTEGER, decodeStrings: true });
    this.path = join(options.directory, `${randomUUID()}${incomingSuffix}`);
    this.#header = options.header;
    this.#sync = options.sync;
    this.#onProgress = options.onProgress;
    this.on('error', (error: NodeJS.ErrnoException) => {
      this.failure = error;
      options.onProgress();
    });
  }

  /** Bytes of the file once it is finished. */
  get size(): number {
    return this.#size;
  }

  /** Of a finished file: resolves when it is on the disk (at once without `sync`), rejects where that fails. */
  get flushed(): Promise<void> {
    return this.#flushed;
  }

  /** Too many bytes wait for the disk. */
  get lagging(): boolean {
    return !this.destroyed && this.writableLength > backlogLimit;
  }

  /** Removes the file, unless it was moved away. */
  async remove(): Promise<void> {
    await unlink(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  override write(chunk: Buffer): boolean {
    // After an error the rest of the data set is still read, so that the sender gets a status and no broken connection.
    if (this.destroyed || chunk.length === 0) return true;
    this.#gathered.push(chunk);
    this.#gatheredBytes += chunk.length;
    if (this.#gatheredBytes >= writeSize) {
      this.cork();
      for (const part of this.#gathered.splice(0)) super.write(part);
      this.#gatheredBytes = 0;
      this.uncork();
    }
    return true;
  }

  override _construct(callback: (error?: Error | null) => void): void {
    try {
      this.#descriptor = openSync(this.path, 'wx', 0o600);
    } catch (error) {
      return callback(error as Error);
    }
    callback();
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    callbackify(() => this.#append(chunks.map(({ chunk }) => chunk)))((error) => {
      callback(error);
      this.#onProgress();
    });
  }

  /**
   * While the disk keeps up, copying to the page cache takes less time than handing the work to another thread; while it
   * lags, another thread waits.
   */
  async #append(chunks: readonly Buffer[]): Promise<void> {
    const buffers = this.#withHeader(chunks);
    const since = performance.now();
    let written = 0;
    if (since >= lagsUntil) {
      written = writevSync(this.#open(), buffers);
      this.#size += written;
      const now = performance.now();
      if (now - since > slowWriteMilliseconds) lagsUntil = now + lagMilliseconds;
    }
    if (written === sizeOf(buffers)) return;
    this.#writing = writeAll(this.#open(), written === 0 ? buffers : [Buffer.concat(buffers).subarray(written)]);
    this.#size += await this.#writing;
  }

  #withHeader(chunks: readonly Buffer[]): readonly Buffer[] {
    return this.#size === 0 ? [this.#header, ...chunks] : chunks;
  }

  override _final(callback: (error?: Error | null) => void): void {
    callbackify(async () => {
      if (this.#gatheredBytes > 0) await this.#append(this.#gathered.splice(0));
      this.#flushed = this.#sync ? flush(this.#open()).finally(() => this.#close()) : Promise.resolve();
      // The receiver awaits `flushed`; a rejection must not end the process before.
      this.#flushed.catch(() => {});
      if (!this.#sync) this.#close();
      this.#complete = true;
    })(callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    callbackify(() => this.#discard())((late) => callback(error ?? late));
  }

  async #discard(): Promise<void> {
    if (this.#complete) return;
    // A descriptor that is closed during a write may already belong to the next file.
    await Promise.allSettled([this.#writing]);
    this.#close();
    await this.remove();
  }

  #open(): number {
    if (this.#descriptor === undefined) throw new Error('the file is not open');
    return this.#descriptor;
  }

  #close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function sizeOf(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, buffer) => sum + buffer.length, 0);
}

/** @returns the bytes written: all of them */
async function writeAll(descriptor: number, buffers: readonly Buffer[]): Promise<number> {
  const bytes = sizeOf(buffers);
  let { bytesWritten: done } = await writeBuffers(descriptor, buffers);
  if (done === bytes) return bytes;
  // A disk that runs full takes a part of the bytes, and the next write fails.
  const whole = Buffer.concat(buffers);
  while (done < bytes) done += (await writeBuffer(descriptor, whole, done)).bytesWritten;
  return bytes;
}
