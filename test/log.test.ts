import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ContourNodeError } from '../src/errors.ts';
import { createLog, type Log, withoutUids } from '../src/log.ts';

/** What the log writes for what `say` says. */
function lines(say: (log: Log) => void): Record<string, unknown>[] {
  const written: string[] = [];
  say(createLog({ logging: { level: 'debug' } }, 'node', { write: (line: string) => void written.push(line) }));
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const uid = '1.3.6.1.4.1.14519.5.2.1.7009.2403.196368293264107';
const ownUid = '2.25.329800735698586629295641978511506172918';

test('a line is one JSON object with time, level, part and message', () => {
  const [line] = lines((log) => log.info({ series: 'cb7aa2e66c3e95cf' }, 'series complete'));
  assert.equal(line?.['level'], 'info');
  assert.equal(line['part'], 'node');
  assert.equal(line['series'], 'cb7aa2e66c3e95cf');
  assert.equal(line['message'], 'series complete');
  assert.match(String(line['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('neither patient data nor DICOM UIDs come into the log, wherever they hide', () => {
  const secrets = ['Doe^Jane', 'MRN-4711', '19610203', uid, ownUid, 'Dr^House'];
  const text = JSON.stringify(
    lines((log) => {
      log.info(
        { patientName: secrets[0], PatientID: secrets[1], nested: { patientBirthDate: secrets[2] } },
        'received',
      );
      log.warn({ referringPhysicianName: secrets[5], list: [{ studyInstanceUid: uid }] }, `series ${uid} of ${ownUid}`);
      log.error({ err: new Error(`no such instance ${uid}`, { cause: new Error(`ENOENT ${ownUid}.dcm`) }) }, 'failed');
      log.error(new Error(`cannot store ${uid}`));
      log.info({ [`instances/${uid}`]: 1 }, 'key');
    }),
  );
  for (const secret of secrets) assert.equal(text.includes(secret), false, secret);
});

test('what is no secret stays: addresses, versions, times and the UIDs that the standard gives out', () => {
  for (const text of [
    '192.168.17.20',
    '127.0.0.1:11112',
    'Redis 7.0.15',
    'v1.2.3',
    '12.5 s',
    '1.2.840.10008.5.1.4.1.1.481.3',
  ]) {
    assert.equal(withoutUids(`at ${text} now`), `at ${text} now`);
  }
});

test('an error of the catalogue is logged with code and remedy, an unknown one with the places of its stack', () => {
  const [known, unknown] = lines((log) => {
    log.error({ err: new ContourNodeError('DISK_FULL', 'no space for image') }, 'x');
    log.error({ err: new TypeError('a is undefined') }, 'x');
  }).map((line) => line['err'] as Record<string, string>);
  assert.equal(known?.['code'], 'DISK_FULL');
  assert.match(known['remedy'] ?? '', /free space/);
  assert.equal(unknown?.['type'], 'TypeError');
  assert.match(unknown['stack'] ?? '', /log\.test\.ts/);
});

test('bytes are counted, not written', () => {
  const [line] = lines((log) => log.info({ dataSet: Buffer.from('Doe^Jane') }, 'x'));
  assert.equal(line?.['dataSet'], '[8 bytes]');
});
