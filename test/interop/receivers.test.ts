import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { writeRtstruct } from '../../src/dicom/rtstruct/write-rtstruct.ts';
import { rtStructureSetStorage } from '../../src/dicom/rtstruct/structure-set.ts';
import { sendStructureSet } from '../../src/dimse/scu/deliver-structure-set.ts';
import type { DeliveryOutcome, StoredEncoding } from '../../src/dimse/scu/delivery-outcome.ts';
import { echo } from '../../src/dimse/scu/verification-scu.ts';
import { exampleInput, exampleRois } from '../dicom/rtstruct/example-structure-set.ts';
import { dataSetOf } from '../dimse/example-instance.ts';
import { temporaryFolder } from '../dimse/running-scp.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { startOrthanc } from '../support/orthanc.ts';
import { syntax, verification } from './ct-files.ts';
import { noPynetdicom, pynetdicomServer } from './pynetdicom.ts';

const timeoutSeconds = 20;

/** The structure set in both encodings. */
async function structureSet(t: TestContext): Promise<Record<StoredEncoding, string>> {
  const folder = await temporaryFolder(t);
  const paths = { implicit: join(folder, 'implicit.dcm'), explicit: join(folder, 'explicit.dcm') };
  for (const encoding of ['implicit', 'explicit'] as const) {
    await writeFile(paths[encoding], writeRtstruct(exampleInput(exampleRois('keyhole')), encoding));
  }
  return paths;
}

function deliver(
  peer: { aeTitle: string; port: number },
  files: Record<StoredEncoding, string>,
): Promise<DeliveryOutcome> {
  return sendStructureSet({ ...peer, host: '127.0.0.1' }, files, {
    callingAe: 'CONTOUR',
    transferSyntaxes: ['implicit', 'explicit'],
    triedBefore: false,
    timeoutSeconds,
  });
}

function delivered(transferSyntax: StoredEncoding): DeliveryOutcome {
  return { outcome: 'delivered', alarmed: false, status: 0, transferSyntax };
}

/** DCMTK's storescp, which writes the data set as it came. */
async function startStorescp(t: TestContext, ...options: string[]): Promise<{ port: number; folder: string }> {
  const [port, folder] = [await freePort(), await temporaryFolder(t)];
  const child = spawn('/usr/bin/storescp', [...options, '--bit-preserving', '-od', folder, String(port)], {
    stdio: 'ignore',
    env: { ...process.env, TCP_NODELAY: '1' },
  });
  t.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  await eventually('storescp answers', timeoutSeconds, async () => {
    await echo({ aeTitle: 'ANY', host: '127.0.0.1', port }, { callingAe: 'CONTOUR', timeoutSeconds });
    return true;
  });
  return { port, folder };
}

for (const [options, words] of [
  [['+xi'], 'that takes implicit VR alone'],
  [['+xe', '-pdu', '4096'], 'with PDUs of 4096 bytes'],
  [['-pdu', '131072'], 'with PDUs of 131072 bytes'],
] as const) {
  test(`DCMTK's storescp ${words} gets the stored bytes`, async (t) => {
    const { port, folder } = await startStorescp(t, ...options);
    const files = await structureSet(t);
    // It takes implicit too, which is offered first.
    assert.deepEqual(await deliver({ aeTitle: 'STORESCP', port }, files), delivered('implicit'));
    const [name = ''] = await readdir(folder);
    const sent = dataSetOf(await readFile(files.implicit));
    assert.ok(dataSetOf(await readFile(join(folder, name))).equals(sent));
  });
}

for (const [only, maximumPdu] of [
  ['implicit', 4096],
  ['explicit', 4096],
  ['implicit', 1048576],
] as const) {
  test(
    `pynetdicom that takes ${only} VR alone and PDUs of ${maximumPdu} bytes gets the stored bytes`,
    { skip: noPynetdicom },
    async (t) => {
      const folder = await temporaryFolder(t);
      const { port, lines } = await pynetdicomServer(t, 'storage-scp.py', {
        folder,
        contexts: [
          [rtStructureSetStorage, [syntax[only]]],
          [verification, [syntax.implicit]],
        ],
        maximumPdu,
      });
      const files = await structureSet(t);
      assert.deepEqual(await deliver({ aeTitle: 'PYNETDICOM', port }, files), delivered(only));
      await echo({ aeTitle: 'PYNETDICOM', host: '127.0.0.1', port }, { callingAe: 'CONTOUR', timeoutSeconds });
      const [line] = lines;
      assert.equal(line?.['transferSyntax'], syntax[only]);
      const kept = await readFile(String(line?.['path']));
      assert.ok(dataSetOf(kept).equals(dataSetOf(await readFile(files[only]))));
    },
  );
}

test('Orthanc holds the structure set once, sent twice', async (t) => {
  const orthanc = await startOrthanc(t, { OverwriteInstances: false });
  const files = await structureSet(t);
  for (const _ of [1, 2]) {
    const outcome = await deliver({ aeTitle: orthanc.aeTitle, port: orthanc.dicomPort }, files);
    assert.deepEqual(outcome, delivered('implicit'));
  }
  const [held, ...more] = await orthanc.instances('RTSTRUCT');
  assert.deepEqual(more, []);
  const kept = await orthanc.file(held?.id ?? '');
  assert.ok(dataSetOf(kept).equals(dataSetOf(await readFile(files.implicit))));
});
