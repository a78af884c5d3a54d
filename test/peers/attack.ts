import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { associateRequest, data, storeRequest } from './raw-peer.ts';

/**
 * `node attack.ts PORT`: until it is killed, everything at once that a hostile network sends, each kind from a loopback
 * address of its own. Prints one line for each hundred connections with garbage.
 */
const port = Number(process.argv[2]);
const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';
const contexts = [{ id: 1, abstractSyntax: ctImageStorage, transferSyntaxes: ['1.2.840.10008.1.2'] }];

async function connected(localAddress: string): Promise<Socket | undefined> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  socket.resume();
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('close', () => resolve(false));
  });
  return isOpen ? socket : undefined;
}

/**
 * Garbage of a few kilobytes, or a header that claims 4 GB followed by as much as is taken.
 *
 * @param waits until it is cut off or 2 s have passed; else it is gone as soon as it has written
 */
async function garbage(number: number, localAddress: string, waits: boolean): Promise<void> {
  const socket = await connected(localAddress);
  if (socket === undefined) return;
  const bytes = Buffer.alloc(4096, number % 251);
  if (number % 2 === 0) Buffer.from([number % 4 === 0 ? 1 : 4, 0, 0xff, 0xff, 0xff, 0xff]).copy(bytes);
  await new Promise((resolve) => socket.write(bytes, resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  if (waits) await Promise.race([closed, sleep(2000, undefined, { ref: false })]);
  socket.destroy();
}

/** An association, or half of one, on which a byte comes now and then; begun anew when it is cut. */
async function loris(localAddress: string, associates: boolean): Promise<never> {
  for (;;) {
    const socket = await connected(localAddress);
    if (socket !== undefined) {
      const request = associateRequest({ called: 'CONTOUR', calling: 'LORIS', contexts });
      if (associates) {
        socket.write(request);
        socket.write(data(1, 'command', true, storeRequest(1, ctImageStorage, '2.25.1')));
      }
      for (let i = 0; !socket.destroyed; i++) {
        socket.write(
          associates ? data(1, 'data set', false, Buffer.from([0])) : request.subarray(i % 64, (i % 64) + 1),
        );
        await sleep(500);
      }
    }
    await sleep(200);
  }
}

for (let i = 0; i < 100; i++) {
  void loris('127.0.0.3', true);
  void loris('127.0.0.4', false);
}
let number = 0;
async function keepOn(localAddress: string, waits: boolean): Promise<never> {
  for (;;) {
    await garbage(number, localAddress, waits);
    if (++number % 100 === 0) console.log(number);
  }
}
for (let i = 0; i < 20; i++) {
  void keepOn('127.0.0.2', true);
  void keepOn('127.0.0.5', false);
}
