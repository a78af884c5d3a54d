/**
 * Decodes an RLE frame of 16-bit grey pixels (PS3.5 annex G): two segments, the high bytes first. Written here because
 * the library takes absent and short segments for black pixels.
 * @returns `count` words
 * @throws Error in words: segments absent, short or long
 */
export function decodeRle(frame: Uint8Array, count: number): Uint16Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 64) throw new Error('the RLE header is cut off');
  const segments = view.getUint32(0, true);
  const [high, low] = [view.getUint32(4, true), view.getUint32(8, true)];
  if (segments !== 2 || high < 64 || low <= high || low >= frame.length) {
    throw new Error(`${segments} RLE segments where 16 bits have two, or segments outside the frame`);
  }
  const words = new Uint16Array(count);
  const bytes = new Uint8Array(words.buffer);
  decodeSegment(frame.subarray(high, low), bytes, 1);
  decodeSegment(frame.subarray(low), bytes, 0);
  return words;
}

/** PackBits into every second byte from `at`. A segment may be padded behind its last run (G.3.1). */
function decodeSegment(segment: Uint8Array, bytes: Uint8Array, at: number): void {
  let from = 0;
  let to = at;
  while (to < bytes.length) {
    if (from + 1 >= segment.length) throw new Error('an RLE segment is cut off');
    const control = segment[from++]!;
    if (control === 128) continue;
    const isRepeat = control > 128;
    const length = isRepeat ? 257 - control : control + 1;
    const end = to + 2 * length;
    if (end > bytes.length + 1) throw new Error('an RLE segment is too long');
    if (!isRepeat && from + length > segment.length) throw new Error('an RLE segment is cut off');
    for (; to < end; to += 2) bytes[to] = segment[isRepeat ? from : from++]!;
    if (isRepeat) from++;
  }
}
