import { createHash } from 'node:crypto';

/**
 * How slices follow one another in one answer: length of the file in 4 bytes (big endian), its SHA-256, the file. Whoever
 * reads knows after each slice that it has it, and can go on behind it.
 */
const digestBytes = 32;
const headBytes = 4 + digestBytes;

export function sliceFrame(file: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(file.length, 0);
  createHash('sha256').update(file).digest().copy(head, 4);
  return Buffer.concat([head, file]);
}

/** A slice does not have the digest that was sent with it. */
export class WrongDigest extends Error {}

/**
 * Takes slices out of a stream that comes in pieces of any size.
 * @throws WrongDigest
 */
export async function* slicesFrom(stream: AsyncIterable<Buffer>, longest: number): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of stream) {
    pieces.push(piece);
    length += piece.length;
    for (;;) {
      if (length < headBytes) break;
      if (pieces[0]!.length < headBytes) pieces = [Buffer.concat(pieces)];
      const size = pieces[0]!.readUInt32BE(0);
      if (size > longest) throw new WrongDigest(`a slice of ${size} bytes`);
      if (length < headBytes + size) break;
      const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
      const file = whole.subarray(headBytes, headBytes + size);
      if (!createHash('sha256').update(file).digest().equals(whole.subarray(4, headBytes)))
        throw new WrongDigest('a slice has another digest than was sent with it');
      yield file;
      pieces = [whole.subarray(headBytes + size)];
      length = pieces[0]!.length;
    }
  }
}
