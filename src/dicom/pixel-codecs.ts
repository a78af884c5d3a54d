import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ContourNodeError } from '../errors.ts';
import type { DecodeReply, DecodeRequest } from './codec-thread.ts';
import type { DicomFile } from './data-set.ts';
import { encodedFrame } from './encoded-frame.ts';
import { decodeRle } from './rle.ts';

type EncodedImage = Pick<DicomFile, 'transferSyntax' | 'bytes' | 'pixelData'>;

/** A 4096 x 4096 slice takes a few seconds; what takes longer will not end. */
const decodingTimeoutMs = 30_000;

/** Slices that are decoded at once, each in a thread: more threads than this wait for the one that asks. */
export const decodingsAtOnce = Math.min(4, availableParallelism());

/**
 * The decoders' threads. They are a resource of the process, like the threads of libuv: one is started when a compressed
 * slice comes and all others are busy, replaced after any failure (a trapped WebAssembly instance is in no defined state),
 * and they keep no process alive. What finds none free waits for the one that fewest wait for.
 */
const threads: DecoderThread[] = [];

interface DecoderThread {
  worker: Worker | undefined;
  waiting: number;
  last: Promise<unknown>;
}

/**
 * Decodes the encapsulated fragments of a one-frame grey image.
 * @param frame what the DICOM header says
 * @returns rows × columns words of 16 bits, row by row
 * @throws PIXEL_DECODING no decoder, damaged, another size or precision than the header says, or time is up
 */
export async function decodeFragments(
  file: EncodedImage,
  frame: { rows: number; columns: number; bitsStored: number; signed: boolean },
  timeoutMs = decodingTimeoutMs,
): Promise<Uint16Array> {
  const { codec, name } = file.transferSyntax;
  const failed = (what: string, remedy = 'send the series again, uncompressed'): ContourNodeError =>
    new ContourNodeError('PIXEL_DECODING', `the pixels cannot be decoded: ${what} (${name})`, { remedy });
  if (codec === undefined || codec === 'native') throw failed('no decoder');
  const { rows, columns, bitsStored, signed } = frame;
  if (rows * columns > 8192 * 8192) throw failed(`${columns} x ${rows} pixels`);
  const encoded = joinedFragments(file);
  if (codec === 'rle') {
    try {
      return decodeRle(encoded, rows * columns);
    } catch (error) {
      throw failed((error as Error).message);
    }
  }
  const stream = encodedFrame(encoded);
  if (stream === undefined) throw failed('no frame header');
  // libjpeg fills what is missing with grey and says nothing.
  if (!endsWithMarker(encoded)) throw failed('the image ends before its end marker');
  const fits = stream.rows === rows && stream.columns === columns && stream.components === 1;
  if (!fits || stream.precision <= 8 || stream.precision > 16) {
    throw failed(
      `a frame of ${stream.columns} x ${stream.rows} x ${stream.components}, ${stream.precision} bits`,
      `the header says ${columns} x ${rows}, ${bitsStored} bits stored: send the series again, uncompressed`,
    );
  }
  const request = { codec, frame: encoded, rows, columns, bitsStored, signed };
  const reply = await inSomeThread(request, timeoutMs);
  if ('error' in reply) throw failed(reply.error.replace(/\s+/g, ' ').trim());
  if (reply.words.length !== rows * columns) throw failed(`${reply.words.length} pixels`);
  return reply.words;
}

/** One frame may lie in several fragments (PS3.5 A.4). */
export function joinedFragments(file: Pick<EncodedImage, 'bytes' | 'pixelData'>): Uint8Array<ArrayBuffer> {
  const fragments = file.pixelData?.fragments ?? [];
  const encoded = new Uint8Array(fragments.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { offset, length } of fragments) {
    encoded.set(file.bytes.subarray(offset, offset + length), at);
    at += length;
  }
  return encoded;
}

/** EOI and EOC are the same two bytes; a fragment of odd length is padded with zeros (PS3.5 A.4). */
function endsWithMarker(encoded: Uint8Array): boolean {
  const last = encoded.findLastIndex((byte) => byte !== 0);
  return encoded[last] === 0xd9 && encoded[last - 1] === 0xff;
}

type Request = DecodeRequest & { frame: Uint8Array<ArrayBuffer> };

async function inSomeThread(request: Request, timeoutMs: number): Promise<DecodeReply> {
  const thread = leastBusyThread();
  thread.waiting++;
  const decoding = thread.last.then(() => inThread(thread, request, timeoutMs));
  thread.last = decoding;
  try {
    return await decoding;
  } finally {
    thread.waiting--;
  }
}

function leastBusyThread(): DecoderThread {
  const [least] = threads.toSorted((a, b) => a.waiting - b.waiting);
  if (least !== undefined && (least.waiting === 0 || threads.length >= decodingsAtOnce)) return least;
  const added: DecoderThread = { worker: undefined, waiting: 0, last: Promise.resolve() };
  threads.push(added);
  return added;
}

/** Never rejects: whatever ends the thread or the time is a reply too. */
function inThread(thread: DecoderThread, request: Request, timeoutMs: number): Promise<DecodeReply> {
  const worker = (thread.worker ??= startThread());
  worker.ref();
  return new Promise((resolve) => {
    const settle = (reply: DecodeReply): void => {
      clearTimeout(timer);
      worker.off('message', settle).off('error', onError).off('exit', onExit);
      worker.unref();
      if ('error' in reply) {
        thread.worker = undefined;
        void worker.terminate();
      }
      resolve(reply);
    };
    const onError = (error: Error): void => settle({ error: error.message });
    const onExit = (): void => settle({ error: 'the decoder ended' });
    const timer = setTimeout(() => settle({ error: 'time is up' }), timeoutMs);
    worker.on('message', settle).on('error', onError).on('exit', onExit);
    worker.postMessage(request, [request.frame.buffer]);
  });
}

function startThread(): Worker {
  const worker = new Worker(new URL('./codec-thread.ts', import.meta.url));
  // Between two decodings nobody listens, and an unheard error would end the process.
  worker.on('error', () => undefined);
  return worker;
}
