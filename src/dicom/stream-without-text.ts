/**
 * A JPEG, JPEG-LS, JPEG 2000 or HTJ2K stream without what people and programs write into it besides the image: comments and
 * application segments (ISO/IEC 10918-1 B.2.4.5 and B.2.4.6, ISO/IEC 15444-1 A.9.2), and bytes behind its end. The image
 * decodes to the same values.
 *
 * @returns undefined where text could remain: the stream is of another kind, damaged, or has a comment where it cannot be taken out
 */
export function streamWithoutText(stream: Uint8Array): Uint8Array | undefined {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (view.byteLength < 4) return undefined;
  const first = view.getUint16(0);
  const end = stream.findLastIndex((byte) => byte !== 0) + 1;
  if (end < 4 || view.getUint16(end - 2) !== endMarker) return undefined;
  if (first === 0xffd8) return jpegWithoutText(stream.subarray(0, end), view);
  return first === 0xff4f ? jpeg2000WithoutText(stream.subarray(0, end), view) : undefined;
}

/** EOI of JPEG and JPEG-LS, EOC of JPEG 2000. */
const endMarker = 0xffd9;

function isJpegText(marker: number): boolean {
  return marker === 0xfffe || (marker >= 0xffe0 && marker <= 0xffef);
}

function jpegWithoutText(stream: Uint8Array, view: DataView): Uint8Array | undefined {
  const kept: Uint8Array[] = [stream.subarray(0, 2)];
  for (let at = 2; at + 4 <= stream.length;) {
    const marker = view.getUint16(at);
    // Fill bytes before a marker.
    if (marker === 0xffff) {
      at += 1;
      continue;
    }
    const next = at + 2 + view.getUint16(at + 2);
    if (marker < 0xff01 || next > stream.length) return undefined;
    if (!isJpegText(marker)) kept.push(stream.subarray(at, next));
    if (marker === 0xffda) {
      kept.push(stream.subarray(next));
      return jpegScansHaveText(stream, view, next) ? undefined : Buffer.concat(kept);
    }
    at = next;
  }
  return undefined;
}

/** Behind the first scan header no entropy-coded byte looks like a comment or an application segment, nor like an end. */
function jpegScansHaveText(stream: Uint8Array, view: DataView, from: number): boolean {
  for (let at = stream.indexOf(0xff, from); at >= 0 && at + 2 < stream.length; at = stream.indexOf(0xff, at + 1)) {
    const marker = view.getUint16(at);
    if (isJpegText(marker) || marker === endMarker) return true;
  }
  return false;
}

function jpeg2000WithoutText(stream: Uint8Array, view: DataView): Uint8Array | undefined {
  const kept: Uint8Array[] = [stream.subarray(0, 2)];
  let at = 2;
  for (;;) {
    if (at + 4 > stream.length) return undefined;
    const marker = view.getUint16(at);
    if (marker === startOfTilePart) break;
    const next = at + 2 + view.getUint16(at + 2);
    if (marker < 0xff01 || next > stream.length) return undefined;
    if (marker !== jpeg2000Comment) kept.push(stream.subarray(at, next));
    at = next;
  }
  if (!tilePartsAreClean(stream, view, at)) return undefined;
  kept.push(stream.subarray(at));
  return Buffer.concat(kept);
}

const startOfTilePart = 0xff90;
const startOfData = 0xff93;
const jpeg2000Comment = 0xff64;

/** Every tile-part, from its start to its length Psot (A.4.2), has no comment in its header, and the last ends the stream. */
function tilePartsAreClean(stream: Uint8Array, view: DataView, first: number): boolean {
  let at = first;
  while (at + 12 <= stream.length && view.getUint16(at) === startOfTilePart) {
    const length = view.getUint32(at + 6);
    // 0: up to the end of the stream.
    const end = length === 0 ? stream.length - 2 : at + length;
    if (end > stream.length - 2) return false;
    for (let segment = at + 12; view.getUint16(segment) !== startOfData;) {
      if (segment + 4 > end || view.getUint16(segment) === jpeg2000Comment) return false;
      segment += 2 + view.getUint16(segment + 2);
      if (segment + 2 > end) return false;
    }
    at = end;
  }
  return at === stream.length - 2;
}
