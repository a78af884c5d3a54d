import { test } from 'node:test';
import assert from 'node:assert/strict';
import { configSchema } from '../../src/config/schema.ts';
import type { ScpObserver } from '../../src/dimse/scp/scp-observer.ts';
import { RefusedSenders } from '../../src/observe/refused-senders.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { runProgram } from '../support/run-program.ts';
import { nodeOverHttp } from './running-http.ts';

test('a Redis that hangs is told at once, on /health/ready and on every page', async (t) => {
  const http = await nodeOverHttp(t);
  const { stdout } = await runProgram('pgrep', ['-f', `redis-server.*${http.redis.directory}`]);
  const [pid = 0] = stdout.trim().split('\n').map(Number);
  assert.ok(pid > 1);
  process.kill(pid, 'SIGSTOP');
  afterwards(t, async () => void process.kill(pid, 'SIGCONT'));
  const started = performance.now();
  const response = await http.get('/health/ready');
  const seconds = (performance.now() - started) / 1000;
  assert.equal(response.status, 503);
  // Two on a machine with nothing else to do; a Redis that is waited for takes until it goes on.
  assert.ok(seconds < 8, `${seconds} s`);
  const { problems } = (await response.json()) as { problems: { code: string }[] };
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['REDIS_UNAVAILABLE'],
  );
  const page = await (await http.get('/', { accept: 'text/html' })).text();
  assert.match(page, /<ul id="status"[^>]*>\s*<li class="bad">\s*<b>Redis does not answer within 1\.5 s<\/b>/);
});

test('a sender with a wrong called AE title is named with what to enter where; once it is entered nothing is said', async (t) => {
  const http = await nodeOverHttp(t);
  const port = String(http.config.dicom.port);
  const echo = await runProgram('echoscu', ['-aet', 'CT99', '-aec', 'CONTUOR', '127.0.0.1', port]);
  assert.notEqual(echo.code, 0);
  const notices = await eventually('it is told', 10, async () => {
    const answer = (await (await http.get('/health/ready')).json()) as { notices: { code: string; remedy: string }[] };
    return answer.notices.length > 0 ? answer.notices : undefined;
  });
  assert.equal(notices[0]?.code, 'SENDER_REFUSED');
  assert.match(notices[0]?.remedy ?? '', /correct the called AE title CONTUOR to CONTOUR/);

  const nothing: ScpObserver = { rejected: () => {}, started: () => {}, ended: () => {}, answered: () => {} };
  let now = 0;
  const refused = new RefusedSenders(nothing, () => now);
  const peer = { name: 'ct', aeTitle: 'CT99', addresses: ['10.0.0.7'] };
  const [before, after] = [configSchema.parse({}), configSchema.parse({ peers: [peer] })];
  refused.rejected('calling AE title not recognised', { address: '10.0.0.7', callingAe: 'CT99', calledAe: 'CONTOUR' });
  const [line] = refused.problems(before);
  assert.match(line!.message, /^CT99 \(10\.0\.0\.7\) was refused once in 24 hours: calling AE title not recognised$/);
  assert.equal(line!.remedy, 'enter under peers: aeTitle CT99, addresses [10.0.0.7]');
  assert.deepEqual(refused.problems(after), []);
  now = 25 * 3_600_000;
  assert.deepEqual(refused.problems(before), [], 'a day later it is forgotten');
});
