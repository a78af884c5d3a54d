/** RLE (PS3.5 annex G) of 16-bit words without any run: every byte literal. */
export function rle(words: number[]): Uint8Array {
  const segment = (bytes: number[]): Buffer =>
    Buffer.concat(
      Array.from({ length: Math.ceil(bytes.length / 128) }, (_, n) => {
        const part = bytes.slice(n * 128, (n + 1) * 128);
        return Buffer.from([part.length - 1, ...part]);
      }),
    );
  const [high, low] = [segment(words.map((word) => word >> 8)), segment(words.map((word) => word & 0xff))];
  const head = Buffer.alloc(64);
  head.writeUInt32LE(2, 0);
  head.writeUInt32LE(64, 4);
  head.writeUInt32LE(64 + high.length, 8);
  return Buffer.concat([head, high, low]);
}
