import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { connect } from 'node:net';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';

/** A redis-server as Debian starts it: nothing is written before a snapshot. @returns its port on loopback */
export async function startUnsafeRedis(t: TestContext): Promise<number> {
  const port = await freePort();
  const server = spawn(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
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
