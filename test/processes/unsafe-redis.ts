import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { connect } from 'node:net';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

/**
 * A redis-server as Debian starts it: nothing is written before a snapshot.
 *
 * @param options after those of Debian
 * @returns its port on loopback
 */
export async function startUnsafeRedis(t: TestContext, options: readonly string[] = []): Promise<number> {
  const port = await freePort();
  const directory = await temporaryFolder(t);
  const server = spawn(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', directory, ...options],
    { stdio: 'ignore' },
  );
  afterwards(t, async () => {
    server.kill();
    await once(server, 'exit');
  });
  await eventually('it listens', 20, async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  });
  return port;
}
