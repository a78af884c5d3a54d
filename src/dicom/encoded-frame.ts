/** What the header of an encoded frame says about itself. */
export interface EncodedFrame {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  /** Bits a sample. */
  readonly precision: number;
  /** JPEG-LS: largest difference (stored values) to the original; 0 is lossless. undefined for other codecs. */
  readonly near?: number;
}

/**
 * Reads the frame header of a JPEG or JPEG-LS stream (ISO/IEC 10918-1 B.2.2, ISO/IEC 14495-1 C.2.2) or the image size
 * of a JPEG 2000 or HTJ2K codestream (ISO/IEC 15444-1 A.5.1). undefined where there is none: the stream is damaged.
 * A decoder allocates what the stream claims, so that this is compared with the DICOM header first.
 */
export function encodedFrame(stream: Uint8Array): EncodedFrame | undefined {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (view.byteLength < 4) return undefined;
  const marker = view.getUint16(0);
  if (marker === 0xff4f) return jpeg2000Frame(view);
  return marker === 0xffd8 ? jpegFrame(view) : undefined;
}

function jpeg2000Frame(view: DataView): EncodedFrame | undefined {
  // SOC, then SIZ: Lsiz, Rsiz, Xsiz, Ysiz, XOsiz, YOsiz, four numbers of tiles, Csiz, Ssiz of the first component.
  if (view.byteLength < 43 || view.getUint16(2) !== 0xff51) return undefined;
  return {
    columns: view.getUint32(8) - view.getUint32(16),
    rows: view.getUint32(12) - view.getUint32(20),
    components: view.getUint16(40),
    precision: (view.getUint8(42) & 0x7f) + 1,
  };
}

function jpegFrame(view: DataView): EncodedFrame | undefined {
  let frame: EncodedFrame | undefined;
  for (let at = 2; at + 4 <= view.byteLength;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > view.byteLength) return undefined;
    const isFrame = (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7;
    if (isFrame && length >= 8) {
      frame = {
        precision: view.getUint8(at + 4),
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
        ...(marker === 0xf7 && { near: 0 }),
      };
    }
    if (marker === 0xda) {
      // Start of scan: behind the components' selectors JPEG-LS has NEAR.
      if (frame?.near === undefined || length < 6) return frame;
      return { ...frame, near: view.getUint8(at + 5 + 2 * view.getUint8(at + 4)) };
    }
    at = end;
  }
  return undefined;
}
