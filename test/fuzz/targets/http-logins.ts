import { apiTokenHash, newApiToken } from '../../../src/http/access/api-token.ts';
import { hashPassword } from '../../../src/http/access/password-hash.ts';
import { nodeOverHttp } from '../../http/running-http.ts';
import { eventually } from '../../support/eventually.ts';
import type { OpenTarget } from '../target.ts';
import { attackedHttp } from './attacked-http.ts';

/** Requests of somebody without a login to a node with users: whatever they say, they learn of no series. */
export const open: OpenTarget = async (cleanup) => {
  const token = newApiToken();
  const http = await nodeOverHttp(cleanup, {
    users: [{ name: 'mueller', role: 'operator', password: await hashPassword('correct horse battery') }],
    tokens: [{ name: 'honest', role: 'operator', hash: apiTokenHash(token) }],
    loginTriesPerMinute: 1000,
    monitoring: 'login',
  });
  await http.send(1);
  const key = await eventually('the series is there', 30, () => http.node.series.list({ limit: 1 })[0]?.key);
  const { attack, request } = attackedHttp(http.node.httpUrl, { authorization: `Bearer ${token}` });
  const form = ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 47'];
  const proxied = ['X-Remote-User: mueller', 'X-Forwarded-For: 127.0.0.1', 'Forwarded: for=127.0.0.1'];
  return {
    samples: [
      request('POST', '/login', form, ''),
      Buffer.concat([request('POST', '/login', form), Buffer.from('name=mueller&password=correct+horse&to=%2Fa%3Fb')]),
      request('GET', '/login?to=%2Fseries%2F1', ['Accept: text/html']),
      request('GET', '/', ['Accept: text/html', 'Cookie: contour-node-session=guessed; _csrf=guessed']),
      request('GET', '/api/series', [`Authorization: Bearer ${newApiToken()}`]),
      request('GET', '/api/series/../series', ['Authorization: Basic bXVlbGxlcjphYmM=', ...proxied]),
      request('GET', '/queues/api/queues', ['X-HTTP-Method-Override: POST']),
      request('POST', '/logout', ['X-CSRF-Token: guessed', 'Cookie: contour-node-session=guessed']),
    ],
    async feed(input) {
      // Who asks for a series by its key may see the key in the answer; nobody here knows it.
      if ((await attack(input)).includes(key)) throw new Error('a series is shown');
    },
  };
};
