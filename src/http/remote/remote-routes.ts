import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ContourNodeError } from '../../errors.ts';
import type { ContourLeases, WaitingOrders } from '../../jobs/contour-leases.ts';
import { problemSchema } from '../../problem.ts';
import { version } from '../../version.ts';
import { progressSchema } from '../../work/progress.ts';
import { sliceCount } from '../../work/remote-order.ts';
import { sliceFrame } from '../../work/slice-frame.ts';
import { askBody, takeBody } from './remote-bodies.ts';
import { type HeldLease, leaseIdPattern } from './held-lease.ts';
import { LeaseBook, type LeaseBookOptions } from './lease-book.ts';

export interface RemoteRoutesOptions extends Omit<LeaseBookOptions, 'leases'> {
  readonly leases: ContourLeases;
}

const leaseParams = z.strictObject({ lease: z.string().regex(leaseIdPattern, 'no lease') });
/** Whoever waits sees a new order within this time. */
const lookEveryMilliseconds = 250;
/** Contours and masks of a hundred ROIs have some MB. */
const longestContours = 512 * 1024 * 1024;

/**
 * Orders, images and contours for workers on other machines: the node takes a job from the queue on behalf of a worker, hands
 * out what names no patient, and writes what comes back itself. docs/http-api.md describes the routes.
 */
export async function addRemote(server: FastifyInstance, options: RemoteRoutesOptions): Promise<void> {
  const book = new LeaseBook(options);
  await book.open();
  const closing = new AbortController();
  server.addHook('preClose', async () => {
    closing.abort();
    book.close();
  });
  const config = { role: 'worker' } as const;
  const leaseOf = ({ params, user }: FastifyRequest): Promise<HeldLease> =>
    book.use(leaseParams.parse(params).lease, user.name);

  server.post('/api/worker/waiting', { config }, async (request, reply) => {
    const { worker, waitSeconds } = askBody.parse(request.body);
    // Under the name of its token: it cannot pass for another worker.
    await options.leases.report({ ...worker, name: `${request.user.name}/${worker.name}` });
    const gone = AbortSignal.any([closing.signal, goneSignal(reply)]);
    const until = Date.now() + waitSeconds * 1000;
    for (;;) {
      const waiting = await book.waiting();
      if (sum(waiting) > 0 || Date.now() >= until || gone.aborted) return { version, waiting };
      await sleep(lookEveryMilliseconds, undefined, { signal: gone }).catch(() => undefined);
    }
  });

  server.post('/api/worker/leases', { config }, async (request) => {
    const asked = takeBody.parse(request.body);
    if (asked.version !== version)
      throw new ContourNodeError('REMOTE_VERSION', `the worker has version ${asked.version}, the node ${version}`);
    const held = await book.take(request.user.name);
    return held === undefined ? {} : { lease: held.id, order: held.order };
  });

  server.put('/api/worker/leases/:lease', { config }, async (request) => {
    const held = await leaseOf(request);
    await book.progress(held, progressSchema.parse(request.body));
    return { renewed: true };
  });

  server.delete('/api/worker/leases/:lease', { config }, async (request) => {
    await book.giveBack(await leaseOf(request));
    return { givenBack: true };
  });

  server.post('/api/worker/leases/:lease/failure', { config }, async (request) => {
    await book.fail(await leaseOf(request), problemSchema.parse(request.body));
    return { recorded: true };
  });

  server.get('/api/worker/leases/:lease/images', { config }, async (request, reply) => {
    const held = await leaseOf(request);
    const count = sliceCount(held.order);
    const { range } = request.headers;
    const [first, last] = range === undefined ? [0, count - 1] : slicesOf(range, count);
    reply.header('accept-ranges', 'slices').type('application/octet-stream');
    // A proxy that gathers the whole answer first would hide for minutes that anything comes.
    reply.header('x-accel-buffering', 'no');
    if (range !== undefined) reply.status(206).header('content-range', `slices ${first}-${last}/${count}`);
    return reply.send(Readable.from(slices(held, first, last), { objectMode: false, highWaterMark: 1 }));
  });

  async function* slices(held: HeldLease, first: number, last: number): AsyncGenerator<Buffer> {
    for (let index = first; index <= last; index += 1) {
      let file: Buffer;
      try {
        file = await held.slice(index);
      } catch (error) {
        await book.refuse(held, error).catch(() => undefined);
        throw error;
      }
      options.metrics.bytes(held.worker, 'sent', file.length);
      await book.touch(held);
      yield sliceFrame(file);
    }
  }

  await server.register(async (scope) => {
    scope.addContentTypeParser('application/gzip', (_request, payload, done) => done(null, payload));
    scope.put('/api/worker/leases/:lease/contours', { config, bodyLimit: longestContours }, async (request, reply) => {
      const { lease } = leaseParams.parse(request.params);
      if (book.hasEnded(lease)) {
        (request.body as Readable).resume();
        return reply.send({ written: true });
      }
      const held = await leaseOf(request);
      const file = await received(request, held);
      await book.finish(held, file);
      return reply.send({ written: true });
    });
  });

  /** The body, flushed to a file of the book's folder. @throws ContourNodeError REMOTE_RESULT too long; REMOTE_TRANSFER another digest */
  async function received(request: FastifyRequest, held: HeldLease): Promise<string> {
    const file = join(book.folder, `${randomUUID()}.json.gz`);
    const hash = createHash('sha256');
    async function* counted(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      let length = 0;
      for await (const chunk of body) {
        hash.update(chunk);
        length += chunk.length;
        options.metrics.bytes(held.worker, 'received', chunk.length);
        await book.touch(held);
        if (length > longestContours) throw new ContourNodeError('REMOTE_RESULT', 'the contours are too long');
        yield chunk;
      }
    }
    try {
      await pipeline(request.body as Readable, counted, createWriteStream(file, { mode: 0o600 }));
      const digest = `sha-256=:${hash.digest('base64')}:`;
      if (request.headers['content-digest'] === digest) return file;
      throw new ContourNodeError('REMOTE_TRANSFER', 'the contours have another digest than was sent with them');
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  }
}

/** RFC 9110 section 14.1 lets a resource have range units of its own. */
function slicesOf(range: string, count: number): [first: number, last: number] {
  const [, from, to] = /^slices=(\d+)-(\d*)$/.exec(range) ?? [];
  const first = Number(from);
  const last = to === undefined || to === '' ? count - 1 : Math.min(count - 1, Number(to));
  if (first <= last) return [first, last];
  throw new ContourNodeError('USAGE', 'Range: slices=FIRST-LAST, counted from 0');
}

/** Aborted when the caller hangs up. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  return gone.signal;
}

function sum({ urgent, normal, low }: WaitingOrders): number {
  return urgent + normal + low;
}
