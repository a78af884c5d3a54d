import { connect } from 'node:net';
import { nodeOverHttp } from '../../http/running-http.ts';
import type { OpenTarget } from '../target.ts';

/** A connection that says nothing more for so long is given up: some answers are streams without an end. */
const quietMilliseconds = 300;
/** After so many attacks an honest request has to be answered within these seconds. */
const honestEvery = 50;
const honestSeconds = 20;

/** Requests to the page and the API of a node that has a series. */
export const open: OpenTarget = async (cleanup) => {
  const { node, send, get } = await nodeOverHttp(cleanup);
  await send(1);
  const { series } = (await (await get('/api/series')).json()) as { series: { key: string }[] };
  const key = series[0]?.key ?? '';
  const { port, host } = new URL(node.httpUrl);
  const request = (method: string, path: string, headers: readonly string[] = [], body = ''): Buffer =>
    Buffer.from(
      [
        `${method} ${path} HTTP/1.1`,
        `Host: ${host}`,
        'Connection: close',
        ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]),
        ...headers,
        '',
        body,
      ].join('\r\n'),
    );
  let requests = 0;
  return {
    samples: [
      request('GET', '/'),
      request('GET', '/api/series?state=unrouted&limit=5&before=2026-01-01T00:00:00Z'),
      request('GET', `/api/series/${key}`, ['Accept: application/json', 'Accept-Encoding: gzip']),
      request('GET', '/metrics', ['If-None-Match: "a"', 'Cookie: a=b; c=d']),
      request('GET', '/queues/', ['Authorization: Bearer abc']),
      request('POST', `/api/series/${key}/release`, [`Origin: ${node.httpUrl}`]),
      request('POST', `/api/series/${key}/resend`, [`Origin: ${node.httpUrl}`], '{"destination":"pinnacle"}'),
      request(
        'POST',
        `/api/series/${key}/retry`,
        ['Transfer-Encoding: chunked', 'Expect: 100-continue'],
        '4\r\nnull\r\n0\r\n\r\n',
      ),
    ],
    async feed(input) {
      const answer = await exchanged(Number(port), input);
      const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
      if (statuses.some((status) => status >= 500)) throw new Error(answer.slice(0, 400));
      if (/\n\s+at .*\.[jt]s:\d+/.test(answer)) throw new Error(`a stack: ${answer.slice(0, 400)}`);
      if (++requests % honestEvery > 0) return;
      const honest = await fetch(`${node.httpUrl}/api/series`, { signal: AbortSignal.timeout(honestSeconds * 1000) });
      if (honest.status !== 200) throw new Error(`an honest request got ${honest.status}`);
    },
  };
};

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
