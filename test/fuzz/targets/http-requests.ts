import { nodeOverHttp } from '../../http/running-http.ts';
import { eventually } from '../../support/eventually.ts';
import type { OpenTarget } from '../target.ts';
import { attackedHttp } from './attacked-http.ts';

/** Requests to the pages and the API of a node that has a series and no users. */
export const open: OpenTarget = async (cleanup) => {
  const http = await nodeOverHttp(cleanup);
  await http.send(1);
  const key = await eventually('the series is there', 30, () => http.node.series.list({ limit: 1 })[0]?.key);
  const { attack, request } = attackedHttp(http.node.httpUrl);
  const own = `Origin: ${http.node.httpUrl}`;
  const chunked = ['Transfer-Encoding: chunked', 'Expect: 100-continue'];
  return {
    samples: [
      request('GET', '/', ['Accept: text/html']),
      request('GET', `/series/${key}`, ['Accept: text/html', 'If-None-Match: "a"']),
      request('GET', '/api/series?state=unrouted&limit=5&before=2026-01-01T00:00:00Z'),
      request('GET', `/api/series/${key}`, ['Accept: application/json', 'Accept-Encoding: gzip']),
      request('GET', '/metrics', ['Cookie: a=b; c=d']),
      request('GET', '/queues/', ['Authorization: Bearer abc']),
      request('GET', '/queues/api/queues?activeQueue=contour&status=latest&page=1&jobsPerPage=10'),
      request('PUT', '/queues/api/queues/contour/retry/failed', [own], '{"a":1}'),
      request('POST', `/api/series/${key}/release`, [own]),
      request('POST', `/api/series/${key}/resend`, [own], '{"destination":"pinnacle"}'),
      request('POST', `/api/series/${key}/retry`, chunked, '4\r\nnull\r\n0\r\n\r\n'),
    ],
    feed: async (input) => void (await attack(input)),
  };
};
