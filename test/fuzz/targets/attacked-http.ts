import { connect } from 'node:net';

/** A connection that says nothing more for so long is given up: some answers are streams without an end. */
const quietMilliseconds = 300;
/** After so many attacks an honest request has to be answered within these seconds. */
const honestEvery = 50;
const honestSeconds = 20;

/** The HTTP port of a node, and who attacks it. */
export interface AttackedHttp {
  /** A request that a program would send, to be changed. */
  readonly request: (method: string, path: string, headers?: readonly string[], body?: string) => Buffer;
  /** Sends these bytes; @returns what was answered. Rejects for a status of 5xx, a stack, or a server that is gone. */
  readonly attack: (bytes: Buffer) => Promise<string>;
}

/** @param headers of an honest request, which is answered with 200 */
export function attackedHttp(url: string, headers: Record<string, string> = {}): AttackedHttp {
  const { port, host } = new URL(url);
  let attacks = 0;
  return {
    request: (method, path, more = [], body = '') => {
      const ofBody = ['Content-Type: application/json', `Content-Length: ${body.length}`];
      const lines = [
        `${method} ${path} HTTP/1.1`,
        `Host: ${host}`,
        'Connection: close',
        ...(body === '' ? [] : ofBody),
      ];
      return Buffer.from([...lines, ...more, '', body].join('\r\n'));
    },
    attack: async (bytes) => {
      const answer = await exchanged(Number(port), bytes);
      const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
      if (statuses.some((status) => status >= 500)) throw new Error(answer.slice(0, 800));
      if (/\n\s+at .*\.[jt]s:\d+/.test(answer)) throw new Error(`a stack: ${answer.slice(0, 800)}`);
      if (++attacks % honestEvery === 0) {
        const signal = AbortSignal.timeout(honestSeconds * 1000);
        const honest = await fetch(`${url}/api/series`, { headers, signal });
        await honest.text();
        if (honest.status !== 200) throw new Error(`an honest request got ${honest.status}`);
      }
      return answer;
    },
  };
}

/** What is answered to these bytes, until the end of the connection or of the talking. */
function exchanged(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    let answer = '';
    socket.setTimeout(quietMilliseconds, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.end(bytes);
  });
}
