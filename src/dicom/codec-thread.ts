import { parentPort } from 'node:worker_threads';
import codecs from 'dcmjs-codecs';
import type { PixelCodec } from './transfer-syntax.ts';

/** Runs in a thread of its own, started by pixel-codecs.ts: decoders are WebAssembly and may trap or loop on bad input. */

export interface DecodeRequest {
  codec: Exclude<PixelCodec, 'native' | 'rle'>;
  frame: Uint8Array;
  rows: number;
  columns: number;
  bitsStored: number;
  signed: boolean;
}

export type DecodeReply = { words: Uint16Array } | { error: string };

const { Context, NativeCodecs } = codecs;
const decoders = {
  'jpeg-extended': 'decodeJpeg',
  'jpeg-lossless': 'decodeJpeg',
  'jpeg-ls': 'decodeJpegLs',
  'jpeg-2000': 'decodeJpeg2000',
  htj2k: 'decodeHtJpeg2000',
} as const satisfies Record<DecodeRequest['codec'], keyof typeof NativeCodecs>;

const ready = NativeCodecs.initializeAsync();

async function decode({ codec, frame, rows, columns, bitsStored, signed }: DecodeRequest): Promise<DecodeReply> {
  try {
    await ready;
    const context = new Context({
      width: columns,
      height: rows,
      bitsAllocated: 16,
      bitsStored,
      samplesPerPixel: 1,
      pixelRepresentation: signed ? 1 : 0,
      planarConfiguration: 0,
      photometricInterpretation: 'MONOCHROME2',
      encodedBuffer: frame,
    });
    const decoded = NativeCodecs[decoders[codec]](context).getDecodedBuffer() ?? new Uint8Array();
    // A copy: the decoder's bytes lie in its own memory, at any alignment.
    return { words: new Uint16Array(Uint8Array.from(decoded).buffer, 0, decoded.length >> 1) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort!.on('message', (request: DecodeRequest) => {
  void decode(request).then((reply) => {
    parentPort!.postMessage(reply, 'words' in reply ? [reply.words.buffer as ArrayBuffer] : []);
  });
});
