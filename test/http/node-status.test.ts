import { test } from 'node:test';
import assert from 'node:assert/strict';
import { configSchema } from '../../src/config/schema.ts';
import { closings, rejections } from '../../src/dimse/association-policy.ts';
import type { ScpObserver } from '../../src/dimse/scp/scp-observer.ts';
import { mrImageStorage } from '../../src/dicom/mr-image.ts';
import { refusedClasses } from '../../src/dimse/presentation-context.ts';
import { RefusedSenders } from '../../src/observe/refused-senders.ts';
import { afterwards } from '../support/afterwards.ts';
import { certificate } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { runProgram } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { nodeOverHttp } from './running-http.ts';

const nothing: ScpObserver = {
  rejected: () => {},
  started: () => {},
  ended: () => {},
  answered: () => {},
  contextRefused: () => {},
};

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
  assert.match(
    page,
    /<ul id="status"[^>]*>\s*<li class="bad">\s*<b>Redis does not answer within 1\.5 s; CTs are kept, and contoured once it does<\/b>/,
  );
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

  let now = 0;
  const refused = new RefusedSenders(nothing, () => now);
  const peer = { name: 'ct', aeTitle: 'CT99', addresses: ['10.0.0.7'] };
  const [before, after] = [configSchema.parse({}), configSchema.parse({ peers: [peer] })];
  refused.rejected(rejections.callingAe.words, { address: '10.0.0.7', callingAe: 'CT99', calledAe: 'CONTOUR' });
  const [line] = refused.problems(before);
  assert.match(
    line!.message,
    /^CT99 \(10\.0\.0\.7\) was refused once in 24 hours: calling AE title not recognised at this address$/,
  );
  assert.equal(line!.remedy, 'if it may send here, enter it under peers: aeTitle CT99, addresses [10.0.0.7]');
  assert.deepEqual(refused.problems(after), []);
  const wanting = configSchema.parse({ ...after, routes: [{ name: 'npc', models: ['one'], inputs: { MR: {} } }] });
  refused.contextRefused(refusedClasses.get(mrImageStorage)!, { address: '10.0.0.7', callingAe: 'CT99' });
  const [mr] = refused.problems(wanting);
  assert.match(
    mr!.message,
    /^CT99 \(10\.0\.0\.7\) was refused once in 24 hours: MR Image Storage is not taken from this/,
  );
  assert.equal(mr!.remedy, 'if it shall send MR, set accept.mr: take for its peer entry');
  const taking = configSchema.parse({ ...wanting, peers: [{ ...peer, accept: { mr: 'take' } }] });
  assert.deepEqual(refused.problems(taking), []);
  now = 25 * 3_600_000;
  assert.deepEqual(refused.problems(before), [], 'a day later it is forgotten');
});

test('a sender without the right certificate, or without TLS, is told what helps; an accepted association ends it', () => {
  const refused = new RefusedSenders(nothing, () => 0);
  const tls = { port: 2762, certificateFile: 'own.pem', keyFile: 'own.key' };
  const peer = { name: 'ct', aeTitle: 'CT99', addresses: ['10.0.0.0/24'], tls: { outgoing: false } };
  const config = configSchema.parse({ dicom: { tls }, peers: [peer] });
  const said = () => refused.problems(config).map(({ message, remedy }) => `${message} | ${remedy}`);
  refused.rejected(closings.outdatedCertificate, { address: '10.0.0.7' });
  assert.match(
    said()[0]!,
    /^a sender \(10\.0\.0\.7\) .*: its certificate has expired.* \| renew the certificate at the sender/,
  );
  const titles = { callingAe: 'CT99', calledAe: 'CONTOUR' };
  refused.started({ id: 'a', address: '10.0.0.7', ...titles });
  assert.deepEqual(said(), []);
  refused.rejected(rejections.plain.words, { address: '10.0.0.7', ...titles });
  assert.match(
    said()[0]!,
    /\| at the sender, turn TLS on and call port 2762; or set tls\.incoming: optional for peer ct$/,
  );
  refused.rejected(rejections.callingAe.words, { address: '10.0.0.8', ...titles });
  refused.rejected(rejections.localLimit.words, { address: '10.0.0.9', ...titles });
  assert.equal(said().length, 1, 'the range admits 10.0.0.8; too many associations pass by themselves');
});

test('a certificate of the node that ends soon is told', async (t) => {
  const folder = await temporaryFolder(t);
  const own = await certificate(folder, 'contour', undefined, 3);
  const http = await nodeOverHttp(
    t,
    {},
    { config: { dicom: { port: await freePort(), tls: { port: await freePort(), ...own } } } },
  );
  const { notices } = (await (await http.get('/health/ready')).json()) as {
    notices: { code: string; message: string }[];
  };
  assert.equal(notices[0]?.code, 'TLS_FILES');
  assert.match(notices[0].message, /^the certificate .*contour\.pem ends on \d{4}-\d\d-\d\d$/);
});
