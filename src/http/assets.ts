import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { ContourNodeError } from '../errors.ts';

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const folder = new URL('assets/', import.meta.url);

/** Style and scripts at /assets, read once. The browser asks each time whether its copy is still the one. */
export async function addAssets(server: FastifyInstance): Promise<void> {
  const names = (await readdir(folder)).filter((name) => extname(name) in types);
  const assets = new Map(
    await Promise.all(
      names.map(async (name) => {
        const content = await readFile(new URL(name, folder));
        return [
          name,
          { content, etag: `"${createHash('sha256').update(content).digest('hex').slice(0, 20)}"` },
        ] as const;
      }),
    ),
  );
  server.get<{ Params: { name: string } }>('/assets/:name', { config: { role: 'anyone' } }, async (request, reply) => {
    const { name } = request.params;
    const asset = assets.get(name);
    if (asset === undefined) throw new ContourNodeError('NOT_FOUND', 'no such file');
    reply.headers({ etag: asset.etag, 'cache-control': 'no-cache' });
    if (request.headers['if-none-match'] === asset.etag) return reply.status(304).send();
    return reply.type(types[extname(name)]!).send(asset.content);
  });
}
