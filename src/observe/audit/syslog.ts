import { hostname } from 'node:os';
import { connect, type TLSSocket } from 'node:tls';
import { type TlsFiles, tlsCredentials } from '../../config/tls-files.ts';
import { retries } from '../../retries.ts';
import type { Log } from '../../log.ts';

export interface SyslogAddress extends TlsFiles {
  readonly host: string;
  readonly port: number;
}

/** Facility 10 (security), severity 5 (notice), RFC 5424 6.2.1. */
const priority = 10 * 8 + 5;
/** Messages that wait for the receiver; beyond this the oldest are dropped, since the trail itself is on disk. */
const maximumWaiting = 10_000;

/** Sends messages of RFC 5424 over TLS (RFC 5425); reconnects by itself. */
export class Syslog {
  readonly #address: SyslogAddress;
  readonly #log: Log;
  readonly #waiting: Buffer[] = [];
  #socket: TLSSocket | undefined;
  #connecting = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(address: SyslogAddress, log: Log) {
    this.#address = address;
    this.#log = log;
    void this.#connect();
  }

  /** @param id MSGID: what kind of message */
  send(id: string, at: string, text: string): void {
    // RFC 5424 6.4: UTF-8 with its byte order mark.
    const message = Buffer.from(`<${priority}>1 ${at} ${hostname()} contour-node ${process.pid} ${id} - \ufeff${text}`);
    this.#waiting.push(Buffer.concat([Buffer.from(`${message.length} `), message]));
    if (this.#waiting.length > maximumWaiting) this.#waiting.shift();
    this.#flush();
  }

  /** Sends the waiting messages, where the receiver is connected, and closes. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#flush();
    const socket = this.#socket;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), 2000);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.end();
    });
  }

  #flush(): void {
    if (this.#socket === undefined) return;
    for (const message of this.#waiting.splice(0)) this.#socket.write(message);
  }

  async #connect(): Promise<void> {
    if (this.#connecting || this.#closed) return;
    this.#connecting = true;
    try {
      const { host, port } = this.#address;
      const socket = connect({ ...(await tlsCredentials(this.#address)), host, port });
      socket.on('error', (error) => this.#log.warn({ err: error }, 'the syslog receiver cannot be reached'));
      socket.once('secureConnect', () => {
        this.#socket = socket;
        this.#flush();
      });
      socket.once('close', () => this.#again());
      socket.resume();
    } catch (error) {
      this.#log.warn({ err: error }, 'the syslog receiver cannot be reached');
      this.#again();
    }
  }

  #again(): void {
    this.#socket = undefined;
    this.#connecting = false;
    if (!this.#closed) this.#timer = setTimeout(() => void this.#connect(), retries.syslogSeconds * 1000);
  }
}
