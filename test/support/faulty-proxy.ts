import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterwards } from './afterwards.ts';
import type { Cleanup } from './cleanup.ts';

export interface FaultyProxy {
  readonly port: number;
  /** Every byte that went to the node, and that came from it. */
  readonly sent: Buffer[];
  readonly received: Buffer[];
  /** Changed at any time; counts for what passes from then on. */
  faults: {
    /** Refuses and cuts everything. */
    isDown?: boolean;
    /** Takes connections and passes nothing on. */
    isSilent?: boolean;
    /** In each direction. */
    bitsPerSecond?: number;
    /** Cuts the connection when so many bytes have come from the node; counts down over all connections. */
    cutAfterReceived?: number;
    /** Cuts the connection at the request that says so, once each: the node gets the beginning of it. */
    cutAtRequests?: string[];
    /** Passes on what the node sends only when it has been quiet for so long, as a proxy that gathers whole answers. */
    gatherMilliseconds?: number;
    /** Changes what comes from the node. */
    spoil?: (chunk: Buffer) => Buffer;
  };
}

/** A TCP proxy before a node: it records what passes, and goes wrong as a network does. */
export async function faultyProxy(t: Cleanup, nodePort: number, record = true): Promise<FaultyProxy> {
  const sockets = new Set<Socket>();
  const proxy: Omit<FaultyProxy, 'port'> = { sent: [], received: [], faults: {} };

  async function pass(from: Socket, to: Socket, isFromNode: boolean): Promise<void> {
    let gathered: Buffer[] = [];
    let timer: NodeJS.Timeout | undefined;
    for await (const piece of from as AsyncIterable<Buffer>) {
      const { faults } = proxy;
      if (record) (isFromNode ? proxy.received : proxy.sent).push(piece);
      while (proxy.faults.isSilent === true && !from.destroyed) await sleep(50);
      if (faults.isDown === true) break;
      if (isFromNode && faults.cutAfterReceived !== undefined && (faults.cutAfterReceived -= piece.length) < 0) {
        delete faults.cutAfterReceived;
        break;
      }
      const asked = isFromNode ? undefined : faults.cutAtRequests?.find((text) => piece.includes(text));
      if (asked !== undefined) {
        faults.cutAtRequests = faults.cutAtRequests?.filter((text) => text !== asked) ?? [];
        to.write(piece.subarray(0, piece.length >> 1));
        break;
      }
      const chunk = isFromNode && faults.spoil !== undefined ? faults.spoil(Buffer.from(piece)) : piece;
      if (faults.bitsPerSecond !== undefined) await sleep((8000 * chunk.length) / faults.bitsPerSecond);
      if (isFromNode && faults.gatherMilliseconds !== undefined) {
        gathered.push(chunk);
        clearTimeout(timer);
        timer = setTimeout(() => {
          to.write(Buffer.concat(gathered));
          gathered = [];
        }, faults.gatherMilliseconds);
      } else if (!to.write(chunk)) await once(to, 'drain').catch(() => undefined);
    }
    if (gathered.length > 0) to.write(Buffer.concat(gathered));
    clearTimeout(timer);
  }

  const server = createServer({ highWaterMark: 16 * 1024 }, (client) => {
    if (proxy.faults.isDown === true) {
      client.destroy();
      return;
    }
    const node = connect({ port: nodePort, host: '127.0.0.1' });
    for (const socket of [client, node]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    const cut = (): void => {
      client.destroy();
      node.destroy();
    };
    void pass(client, node, false)
      .catch(() => undefined)
      .finally(cut);
    void pass(node, client, true)
      .catch(() => undefined)
      .finally(cut);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterwards(t, () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return Object.assign(proxy, { port });
}
