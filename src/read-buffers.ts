import { closeSync, openSync, readSync } from 'node:fs';

const step = 1024 * 1024;
const kept = 8;
/** A multi-frame instance may have hundreds of megabytes. */
const largestKept = 8 * step;

/** Buffers that are used again: a new one of half a megabyte for every instance would cost garbage collection. */
export class ReadBuffers {
  readonly #free: Buffer[] = [];

  /**
   * Reads a file that was just written and hands its bytes to `action`, which must not keep them. The file is in the page
   * cache: reading it synchronously takes less time than handing the work to another thread.
   *
   * @param size bytes of the file; no more are read
   */
  async read<T>(path: string, size: number, action: (bytes: Uint8Array) => Promise<T>): Promise<T> {
    const index = this.#free.findIndex(({ length }) => length >= size);
    const [buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.ceil(size / step)) * step)] =
      index < 0 ? [] : this.#free.splice(index, 1);
    try {
      return await action(buffer.subarray(0, readInto(buffer, path, size)));
    } finally {
      if (this.#free.length < kept && buffer.length <= largestKept) this.#free.push(buffer);
    }
  }
}

/** @returns the bytes read */
function readInto(buffer: Buffer, path: string, size: number): number {
  const file = openSync(path, 'r');
  try {
    let length = 0;
    while (length < size) {
      const bytes = readSync(file, buffer, length, size - length, null);
      if (bytes === 0) break;
      length += bytes;
    }
    return length;
  } finally {
    closeSync(file);
  }
}
