import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { json } from 'node:stream/consumers';
import { rootCertificates } from 'node:tls';
import { z } from 'zod';
import { tlsCredentials } from '../../src/config/tls-files.ts';
import type { WorkerNode } from '../../src/config/worker-node-schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { WorkerHeartbeat } from '../../src/jobs/worker-heartbeat.ts';
import { errorFrom, type Problem, problemSchema } from '../../src/problem.ts';
import { version } from '../../src/version.ts';
import type { ProgressReport } from '../../src/work/progress.ts';
import { type RemoteOrder, remoteOrderSchema } from '../../src/work/remote-order.ts';

const waitingSchema = z.object({
  version: z.string(),
  waiting: z.object({
    urgent: z.int().nonnegative(),
    normal: z.int().nonnegative(),
    low: z.int().nonnegative(),
  }),
});
export type WaitingAnswer = z.output<typeof waitingSchema>;

const takenSchema = z.object({ lease: z.string().optional(), order: z.unknown().optional() });
const errorSchema = z.object({ error: problemSchema });

export interface TakenOrder {
  readonly lease: string;
  readonly order: RemoteOrder;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The connection is given up when nothing passes for so long. */
  readonly idleSeconds?: number;
  readonly signal?: AbortSignal;
}

const usualIdleSeconds = 30;

/**
 * A node as a worker on another machine reaches it. Each call throws ContourNodeError API_UNREACHABLE where no node answers, or
 * what the node answered.
 */
export class NodeConnection {
  /** Host and port, for log and metrics. */
  readonly name: string;
  readonly url: string;
  readonly #node: WorkerNode;
  readonly #agent: http.Agent;

  private constructor(node: WorkerNode, agent: http.Agent) {
    this.url = node.url;
    this.name = new URL(node.url).host;
    this.#node = node;
    this.#agent = agent;
  }

  /** @throws ContourNodeError TLS_FILES */
  static async open(node: WorkerNode): Promise<NodeConnection> {
    const options = { keepAlive: true, noDelay: true };
    if (new URL(node.url).protocol === 'http:') return new NodeConnection(node, new http.Agent(options));
    const { ca, ...credentials } = await tlsCredentials(node);
    return new NodeConnection(
      node,
      new https.Agent({ ...options, ...credentials, ca: node.caFile === undefined ? [...rootCertificates] : ca }),
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @param waitSeconds how long the node may wait for an order before it answers */
  async waiting(worker: WorkerHeartbeat, waitSeconds: number, signal: AbortSignal): Promise<WaitingAnswer> {
    const answer = await this.#json({
      method: 'POST',
      path: '/api/worker/waiting',
      body: JSON.stringify({ worker, waitSeconds }),
      idleSeconds: waitSeconds + 15,
      signal,
    });
    return waitingSchema.parse(answer);
  }

  /** The order whose turn it is; undefined where none waits. @throws ContourNodeError REMOTE_VERSION */
  async take(worker: string): Promise<TakenOrder | undefined> {
    const answer = await this.#json({
      method: 'POST',
      path: '/api/worker/leases',
      body: JSON.stringify({ worker, version }),
      idleSeconds: 15,
    });
    const { lease, order } = takenSchema.parse(answer);
    return lease === undefined ? undefined : { lease, order: remoteOrderSchema.parse(order) };
  }

  /** @throws ContourNodeError REMOTE_LEASE */
  async progress(lease: string, report: ProgressReport): Promise<void> {
    await this.#json({ method: 'PUT', path: leasePath(lease), body: JSON.stringify(report) });
  }

  async giveBack(lease: string): Promise<void> {
    await this.#json({ method: 'DELETE', path: leasePath(lease) });
  }

  async fail(lease: string, problem: Problem): Promise<void> {
    await this.#json({ method: 'POST', path: `${leasePath(lease)}/failure`, body: JSON.stringify(problem) });
  }

  /**
   * Slices as src/work/slice-frame.ts has them.
   * @returns the stream, and the number of the slice that it begins with: a proxy may have left the range out
   */
  async images(
    lease: string,
    first: number,
    last: number,
    options: { readonly idleSeconds: number; readonly signal: AbortSignal },
  ): Promise<{ readonly first: number; readonly stream: IncomingMessage }> {
    const stream = await this.#ask({
      method: 'GET',
      path: `${leasePath(lease)}/images`,
      headers: { range: `slices=${first}-${last}` },
      ...options,
    });
    const from = /^slices (\d+)-/.exec(stream.headers['content-range'] ?? '')?.[1];
    return { first: from === undefined ? 0 : Number(from), stream };
  }

  /** @throws ContourNodeError REMOTE_LEASE, REMOTE_RESULT, REMOTE_VERSION */
  async returnContours(lease: string, contours: Uint8Array, signal: AbortSignal): Promise<void> {
    const digest = createHash('sha256').update(contours).digest('base64');
    await this.#json({
      method: 'PUT',
      path: `${leasePath(lease)}/contours`,
      headers: { 'content-type': 'application/gzip', 'content-digest': `sha-256=:${digest}:` },
      body: contours,
      // The node answers when the result is on its disk.
      idleSeconds: 120,
      signal,
    });
  }

  async #json(asked: Asked): Promise<unknown> {
    return json(await this.#ask(asked)).catch((cause: unknown) => {
      throw this.#unreachable('the answer broke off', cause);
    });
  }

  async #ask({ method, path, headers, body, idleSeconds = usualIdleSeconds, signal }: Asked): Promise<IncomingMessage> {
    const token = await this.#token();
    const request = (this.#agent instanceof https.Agent ? https : http).request(new URL(path, this.url), {
      agent: this.#agent,
      method,
      headers: {
        ...(typeof body === 'string' && { 'content-type': 'application/json' }),
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        ...headers,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      timeout: idleSeconds * 1000,
      ...(signal !== undefined && { signal }),
    });
    request.on('timeout', () => request.destroy(new Error(`nothing came for ${idleSeconds} s`)));
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request.on('response', resolve);
      request.on('error', (cause) => reject(this.#unreachable(cause.message, cause)));
      request.end(body);
    });
    if ((answer.statusCode ?? 0) < 300) return answer;
    const parsed = errorSchema.safeParse(await json(answer).catch(() => undefined));
    if (parsed.success) throw errorFrom(parsed.data.error);
    throw this.#unreachable(`HTTP ${answer.statusCode}, but not as a node`, undefined);
  }

  /** Read anew each time, so that a renewed token counts at once. */
  async #token(): Promise<string | undefined> {
    const { tokenFile, certificateFile } = this.#node;
    if (tokenFile === undefined) return certificateFile === undefined ? process.env['CONTOUR_NODE_TOKEN'] : undefined;
    try {
      return (await readFile(tokenFile, 'utf8')).trim();
    } catch (cause) {
      throw new ContourNodeError('PATH_NOT_FOUND', `cannot read ${tokenFile}`, { cause });
    }
  }

  #unreachable(why: string, cause: unknown): ContourNodeError {
    return new ContourNodeError('API_UNREACHABLE', `no node answers at ${this.name}: ${why}`, {
      cause,
      remedy: 'check that the node runs, its address under worker.nodes, and what lies between',
    });
  }
}

function leasePath(lease: string): string {
  return `/api/worker/leases/${encodeURIComponent(lease)}`;
}
