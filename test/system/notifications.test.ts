import { test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';

test('whoever is told of a rejected series is told once, though the node is killed and started again', async (t) => {
  const posts: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      posts.push(body);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const { files } = await phantomCt(t, 232);
  const node = await startRunningNode(t, {
    notifications: { webhooks: [{ name: 'chat', url: `http://127.0.0.1:${address.port}/` }] },
  });
  const send = async (some: readonly string[]): Promise<void> => {
    const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...some]);
    assert.equal(sent.code, 0, sent.stderr);
  };
  await send(files.slice(0, 5));
  const [rejected] = await node.settled(1, ['rejected']);
  await eventually('it is told', 30, () => (posts.length > 0 ? true : undefined));
  await eventually('it is written down', 30, async () =>
    (await node.show(rejected!.key)).history.some(({ kind }) => kind === 'notified') ? true : undefined,
  );
  await node.stop('SIGKILL');
  await node.start();

  // The same series again, longer and still not long enough: the next thing to tell.
  await send(files.slice(0, 7));
  await eventually('the next is told', 60, () => (posts.length > 1 ? true : undefined));
  const ids = posts.map((body) => (JSON.parse(body) as { id: string }).id);
  assert.equal(ids.length, 2);
  assert.equal(new Set(ids).size, 2);
  assert.doesNotMatch(posts.join('\n'), /\b[0-2](\.\d+){5,}/, 'a UID');
});
