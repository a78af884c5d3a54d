import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { dcmtk } from '../dimse/dcmtk.ts';
import { runningScp, temporaryFolder } from '../dimse/running-scp.ts';
import { startOrthanc } from '../support/orthanc.ts';
import { runProgram } from '../support/run-program.ts';
import { ctFiles, received, syntax, type SyntaxName, whole } from './ct-files.ts';

/** A configuration for DCMTK whose profile `Only` proposes CT Image Storage in one transfer syntax. */
async function onlySyntax(t: TestContext, name: SyntaxName): Promise<string> {
  const path = join(await temporaryFolder(t), 'storescu.cfg');
  await writeFile(
    path,
    [
      '[[TransferSyntaxes]]',
      '[One]',
      `TransferSyntax1 = ${syntax[name]}`,
      '[[PresentationContexts]]',
      '[CT]',
      'PresentationContext1 = CTImageStorage\\One',
      '[[Profiles]]',
      '[Only]',
      'PresentationContexts = CT',
      '',
    ].join('\n'),
  );
  return path;
}

for (const name of Object.keys(syntax) as SyntaxName[]) {
  test(`a DCMTK sender that proposes nothing but ${name} is served, and the pixels are the same`, async (t) => {
    const scp = await runningScp(t);
    const files = await ctFiles(t, [name]);
    const path = files[0]?.path ?? '';
    const configuration = ['--config-file', await onlySyntax(t, name), 'Only'];
    const sent = await dcmtk('storescu', ...configuration, '-aec', 'CONTOUR', '127.0.0.1', String(scp.port), path);
    assert.equal(sent.code, 0, sent.stderr);
    assert.deepEqual(await received(scp, files), whole(files));
  });
}

// gdcmscu 3.0.21 aborts itself after every release response, DCMTK's too: what counts is what the node has, and that the
// association came to its end.
test('GDCM delivers implicit, explicit and compressed images, and its C-ECHO is answered', async (t) => {
  const scp = await runningScp(t);
  const address = ['--call', 'CONTOUR', '--aetitle', 'GDCM', '127.0.0.1', String(scp.port)];
  await runProgram('gdcmscu', ['--echo', ...address]);
  const files = await ctFiles(t, ['implicit', 'explicit', 'rle', 'jpegLossless', 'jpegLs', 'jpeg2000']);
  for (const { path } of files) {
    await runProgram('gdcmscu', ['--store', ...address, path]);
  }
  assert.deepEqual(await received(scp, files), whole(files));
  await scp.untilEnded(files.length + 1);
  assert.deepEqual(new Set(scp.ended.map(({ how }) => how)), new Set(['released']));
});

test('Orthanc sends what it holds on, compressed or not, and its C-ECHO is answered', async (t) => {
  const scp = await runningScp(t);
  const orthanc = await startOrthanc(t);
  await orthanc.ask('PUT', '/modalities/node', { AET: 'CONTOUR', Host: '127.0.0.1', Port: scp.port });
  await orthanc.ask('POST', '/modalities/node/echo', {});
  const files = await ctFiles(t, ['implicit', 'explicit', 'rle', 'jpegLossless', 'jpegLs', 'jpeg2000']);
  const ids: string[] = [];
  for (const { path } of files) {
    ids.push((await orthanc.ask<{ ID: string }>('POST', '/instances', await readFile(path))).ID);
  }
  // Without transcoding, which Orthanc would do to spare contexts.
  const stored = await orthanc.ask<{ FailedInstancesCount: number }>('POST', '/modalities/node/store', {
    Resources: ids,
    Synchronous: true,
  });
  assert.equal(stored.FailedInstancesCount, 0);
  assert.deepEqual(await received(scp, files), whole(files));
});
