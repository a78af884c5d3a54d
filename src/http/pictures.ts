import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ContourNodeError } from '../errors.ts';
import { isAbsent } from '../if-there.ts';
import {
  contactSheetFile,
  pictureAxes,
  type PictureAxis,
  type PictureIndex,
  pictureIndexFile,
  pictureIndexSchema,
  picturePlanesFile,
} from '../work/picture-files.ts';
import { comparisonFolder, contoursFile } from '../work/paths.ts';
import type { JobQueues } from '../jobs/job-queues.ts';
import { wasContoured } from '../store/orders.ts';
import type { OrderView, SeriesReader } from '../store/series.ts';
import { answerLater } from './missing-pictures.ts';

export interface PicturesOptions {
  readonly series: SeriesReader;
  readonly dataDirectory: string;
  readonly queues: Pick<JobQueues, 'statusOf' | 'addPictures'>;
}

type Params = { key: string; order: string; version: string; overlay?: string; axis: string; chunk: string };
type ComparisonParams = { key: string; structureSet: string; order: string };

const compress = promisify(gzip);
/** Indexes that stay in memory. */
const keptIndexes = 50;
const route = { config: { role: 'viewer' as const } };

/**
 * What the worker made of an order to look at: contours, contact sheet and the planes of the viewer, and the contours that
 * came back, handed out as they lie on disk. Planes have their version in their address and are kept by the browser; of the
 * rest it asks each time whether its copy is still the one.
 */
export function addPictures(server: FastifyInstance, { series, dataDirectory, queues }: PicturesOptions): void {
  const indexes = new Map<string, { readonly changed: number; readonly index: PictureIndex }>();

  const orderOf = ({ key, order }: Params): OrderView => {
    const found = series.view(key)?.orders.find((one) => one.order === order);
    if (found === undefined) throw missing();
    return found;
  };
  const folderOf = (params: Params): string => join(dataDirectory, orderOf(params).folder);
  const indexOf = async (folder: string): Promise<PictureIndex> => {
    const path = join(folder, pictureIndexFile);
    const changed = (await stat(path).catch(absent)).mtimeMs;
    const known = indexes.get(path);
    if (known?.changed === changed) return known.index;
    const index = pictureIndexSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    indexes.set(path, { changed, index });
    if (indexes.size > keptIndexes) indexes.delete(indexes.keys().next().value!);
    return index;
  };
  const sendFile = async (request: FastifyRequest, reply: FastifyReply, path: string, type: string) => {
    const content = await readFile(path).catch(absent);
    const etag = `"${createHash('sha256').update(content).digest('hex').slice(0, 20)}"`;
    reply.headers({ etag, 'cache-control': 'private, no-cache' });
    if (request.headers['if-none-match'] === etag) return reply.status(304).send();
    if (type === 'image/png') return reply.type(type).send(content);
    return reply
      .type(type)
      .header('content-encoding', 'gzip')
      .send(await compress(content));
  };

  const base = '/series/:key/orders/:order';
  for (const [file, type] of [
    [pictureIndexFile, 'application/json'],
    [contoursFile, 'application/json'],
    [contactSheetFile, 'image/png'],
  ] as const) {
    server.get<{ Params: Params }>(`${base}/${file}`, route, async (request, reply) => {
      const order = orderOf(request.params);
      const path = join(dataDirectory, order.folder, file);
      if (existsSync(path) || !wasContoured(order)) return sendFile(request, reply, path, type);
      return answerLater(reply, queues, request.params.key, order);
    });
  }
  server.get<{ Params: ComparisonParams }>(
    `/series/:key/structure-sets/:structureSet/:order/${contoursFile}`,
    route,
    (request, reply) => {
      const { key, structureSet, order } = request.params;
      const found = series.view(key)?.structureSets.find((one) => one.structureSet === structureSet);
      if (found?.comparisons.some((one) => one.order === order) !== true) throw missing();
      const path = join(dataDirectory, comparisonFolder(key, structureSet, order), contoursFile);
      return sendFile(request, reply, path, 'application/json');
    },
  );
  for (const address of ['review/:version/:axis/:chunk', 'review/:version/:overlay/:axis/:chunk']) {
    server.get<{ Params: Params }>(`${base}/${address}`, route, async (request, reply) => {
      const { version, overlay, axis, chunk } = request.params;
      const folder = folderOf(request.params);
      const index = await indexOf(folder);
      const chunks = isAxis(axis) ? chunksOf(index, axis, overlay) : undefined;
      const [offset, length] = chunks?.[/^\d{1,4}$/.test(chunk) ? Number(chunk) : -1] ?? [];
      if (version !== index.version || offset === undefined || length === undefined) throw missing();
      const etag = `"${version}-${overlay === undefined ? '' : `${overlay}-`}${axis}-${chunk}"`;
      reply.headers({ etag, 'cache-control': 'private, max-age=31536000, immutable' });
      if (request.headers['if-none-match'] === etag) return reply.status(304).send();
      const bytes = await part(join(folder, picturePlanesFile(axis as PictureAxis, overlay)), offset, length);
      return reply.type('application/octet-stream').header('content-encoding', 'gzip').send(bytes);
    });
  }
}

/** Of the CT, or of an image beside it. */
function chunksOf(
  { planes, overlays = [] }: PictureIndex,
  axis: PictureAxis,
  overlay: string | undefined,
): PictureIndex['planes'][PictureAxis]['chunks'] | undefined {
  if (overlay === undefined) return planes[axis].chunks;
  return overlays.find(({ name }) => name === overlay)?.chunks[axis];
}

function isAxis(name: string): name is PictureAxis {
  return (pictureAxes as readonly string[]).includes(name);
}

async function part(path: string, offset: number, length: number): Promise<Buffer> {
  const file = await open(path).catch(absent);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    if (bytesRead < length) throw missing();
    return buffer;
  } finally {
    await file.close();
  }
}

function absent(error: unknown): never {
  throw isAbsent(error) ? missing() : error;
}

function missing(): ContourNodeError {
  return new ContourNodeError('NOT_FOUND', 'no such picture', {
    remedy: 'the series was contoured by a version that made none, or was deleted: have it contoured again',
  });
}
