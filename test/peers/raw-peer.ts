import { connect, createServer, type Socket } from 'node:net';

/** One end of a TCP connection that plays bytes: for what a healthy library never sends. */
export class RawPeer {
  readonly socket: Socket;
  /** Resolves when the connection has ended, however. */
  readonly closed: Promise<void>;
  #received = Buffer.alloc(0);
  #wake: () => void = () => {};
  #over = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#over = true;
        this.#wake();
        resolve();
      });
    });
  }

  send(...bytes: (Buffer | readonly number[])[]): void {
    this.socket.write(Buffer.concat(bytes.map((part) => Buffer.from(part))));
  }

  /** The next whole PDU with its header, or undefined when the connection ended before. */
  async pdu(): Promise<Buffer | undefined> {
    for (;;) {
      const length = this.#received.length < 6 ? Infinity : 6 + this.#received.readUInt32BE(2);
      if (this.#received.length >= length) {
        const pdu = this.#received.subarray(0, length);
        this.#received = this.#received.subarray(length);
        return pdu;
      }
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Connects to a port on this machine. @param localAddress loopback address that it calls from */
export async function connectRaw(port: number, localAddress = '127.0.0.1'): Promise<RawPeer> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  const peer = new RawPeer(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return peer;
}

/** Listens on this machine and plays the script to whoever connects. */
export async function startRawPeer(
  script: (peer: RawPeer) => Promise<void> | void,
): Promise<{ port: number; connections: readonly RawPeer[]; close(): Promise<void> }> {
  const connections: RawPeer[] = [];
  const server = createServer((socket) => {
    const peer = new RawPeer(socket);
    connections.push(peer);
    void script(peer);
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const { socket } of connections) socket.destroy();
      await closed;
    },
  };
}

/** A PDU of this type around `body` (PS3.8 section 9.3.1). */
export function pdu(type: number, body: Buffer | readonly number[]): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.from([type, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(bytes.length, 2);
  return Buffer.concat([header, bytes]);
}

function item(type: number, body: Buffer): Buffer {
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, body]);
}

export interface RawContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

/** An A-ASSOCIATE-RQ (PS3.8 section 9.3.2). */
export function associateRequest(options: {
  called: string;
  calling: string;
  contexts: readonly RawContext[];
  maximumPdu?: number;
  version?: number;
  applicationContext?: string;
}): Buffer {
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(options.version ?? 1, 0);
  fixed.write(options.called.padEnd(16), 4, 'latin1');
  fixed.write(options.calling.padEnd(16), 20, 'latin1');
  const contexts = options.contexts.map(({ id, abstractSyntax, transferSyntaxes }) =>
    item(
      0x20,
      Buffer.concat([
        Buffer.from([id, 0, 0, 0]),
        item(0x30, Buffer.from(abstractSyntax)),
        ...transferSyntaxes.map((uid) => item(0x40, Buffer.from(uid))),
      ]),
    ),
  );
  const maximum = Buffer.alloc(4);
  maximum.writeUInt32BE(options.maximumPdu ?? 16384);
  const user = item(0x50, Buffer.concat([item(0x51, maximum), item(0x52, Buffer.from('1.2.3.4'))]));
  return pdu(
    0x01,
    Buffer.concat([
      fixed,
      item(0x10, Buffer.from(options.applicationContext ?? '1.2.840.10008.3.1.1.1')),
      ...contexts,
      user,
    ]),
  );
}

/** An A-ASSOCIATE-AC that accepts these contexts (PS3.8 section 9.3.3). */
export function associateAccept(
  contexts: readonly { id: number; transferSyntax: string }[],
  maximumPdu = 16384,
): Buffer {
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(1, 0);
  const maximum = Buffer.alloc(4);
  maximum.writeUInt32BE(maximumPdu);
  return pdu(
    0x02,
    Buffer.concat([
      fixed,
      item(0x10, Buffer.from('1.2.840.10008.3.1.1.1')),
      ...contexts.map(({ id, transferSyntax }) =>
        item(0x21, Buffer.concat([Buffer.from([id, 0, 0, 0]), item(0x40, Buffer.from(transferSyntax))])),
      ),
      item(0x50, Buffer.concat([item(0x51, maximum), item(0x52, Buffer.from('1.2.3.4'))])),
    ]),
  );
}

/** A P-DATA-TF with one presentation data value (PS3.8 section 9.3.5). */
export function data(contextId: number, kind: 'command' | 'data set', last: boolean, bytes: Buffer): Buffer {
  const value = Buffer.alloc(6);
  value.writeUInt32BE(bytes.length + 2, 0);
  value.writeUInt8(contextId, 4);
  value.writeUInt8((kind === 'command' ? 1 : 0) + (last ? 2 : 0), 5);
  return pdu(0x04, Buffer.concat([value, bytes]));
}

/** A command set: Implicit VR Little Endian, group 0000 (PS3.7 section 6.3.1). Numbers are US. */
export function command(elements: readonly (readonly [element: number, value: string | number])[]): Buffer {
  const body = Buffer.concat(elements.map(([element, value]) => commandElement(element, value)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from([0, 0, 0, 0, 4, 0, 0, 0]), length, body]);
}

function commandElement(element: number, value: string | number): Buffer {
  const bytes =
    typeof value === 'number'
      ? Buffer.from([value & 0xff, value >> 8])
      : Buffer.from(value.length % 2 === 0 ? value : `${value}\0`);
  const header = Buffer.alloc(8);
  header.writeUInt16LE(element, 2);
  header.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

/**
 * A response without data set to the first request of an association (PS3.7 section 9.3 and 10.3), in a P-DATA-TF PDU.
 *
 * @param field Command Field
 * @param options.status without one: undefined
 * @param options.more further elements
 */
export function response(
  field: number,
  options: {
    status?: number | undefined;
    more?: readonly (readonly [element: number, value: string | number])[];
    contextId?: number;
    messageId?: number;
    dataSetFollows?: boolean;
  },
): Buffer {
  const { status, more = [], contextId = 1, messageId = 1, dataSetFollows = false } = options;
  const elements: (readonly [element: number, value: string | number])[] = [
    [0x0100, field],
    [0x0120, messageId],
    [0x0800, dataSetFollows ? 0 : 0x0101],
    ...(status === undefined ? [] : [[0x0900, status] as const]),
    ...more,
  ];
  return data(contextId, 'command', true, command(elements.toSorted(([a], [b]) => a - b)));
}

/** Takes the association request and accepts its first presentation context. */
export async function acceptAssociation(io: RawPeer, transferSyntax: string, maximumPdu?: number): Promise<void> {
  await io.pdu();
  io.send(associateAccept([{ id: 1, transferSyntax }], maximumPdu));
}

/** A C-STORE-RQ command (PS3.7 section 9.3.1.1). */
export function storeRequest(messageId: number, sopClassUid: string, sopInstanceUid: string): Buffer {
  return command([
    [0x0002, sopClassUid],
    [0x0100, 0x0001],
    [0x0110, messageId],
    [0x0700, 0],
    [0x0800, 0x0000],
    [0x1000, sopInstanceUid],
  ]);
}

/** The Status of a response in a P-DATA-TF PDU. */
export function statusOf(dataPdu: Buffer): number {
  const at = dataPdu.indexOf(Buffer.from([0x00, 0x00, 0x00, 0x09, 2, 0, 0, 0]));
  return dataPdu.readUInt16LE(at + 8);
}

export const releaseRequest = pdu(0x05, [0, 0, 0, 0]);
export const abortRequest = pdu(0x07, [0, 0, 0, 0]);
