import { open } from 'node:fs/promises';

const step = 1024 * 1024;
const kept = 8;

/** Memory for files that are read one after the other: half a megabyte anew for every image keeps the collector busy. */
export class ReadBuffers {
  readonly #free: Buffer[] = [];

  /**
   * Reads a file and hands its bytes to `action`, which must not keep them.
   *
   * @param size of the file; what is beyond it is not read
   */
  async read<T>(path: string, size: number, action: (bytes: Uint8Array) => Promise<T>): Promise<T> {
    const index = this.#free.findIndex(({ length }) => length >= size);
    const [buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.ceil(size / step)) * step)] =
      index < 0 ? [] : this.#free.splice(index, 1);
    try {
      return await action(buffer.subarray(0, await readInto(buffer, path, size)));
    } finally {
      if (this.#free.length < kept) this.#free.push(buffer);
    }
  }
}

/** @returns the bytes read */
async function readInto(buffer: Buffer, path: string, size: number): Promise<number> {
  const file = await open(path, 'r');
  try {
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(buffer, length, size - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return length;
  } finally {
    await file.close();
  }
}
