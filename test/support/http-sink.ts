import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { afterwards } from './afterwards.ts';

export interface Post {
  readonly body: Record<string, unknown>;
  readonly authorization: string | undefined;
}

/** An HTTP sink that answers with the statuses given, then 204. */
export async function httpSink(t: TestContext, statuses: number[] = []): Promise<{ url: string; posts: Post[] }> {
  const posts: Post[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      posts.push({
        body: JSON.parse(body) as Record<string, unknown>,
        authorization: request.headers.authorization,
      });
      response.writeHead(statuses.shift() ?? 204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterwards(t, async () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { url: `http://127.0.0.1:${address.port}/hook`, posts };
}
