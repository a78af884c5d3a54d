import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { SeriesSummary } from '../../src/store/series.ts';
import type { Elements } from '../dicom/generated-ct.ts';
import { afterwards } from '../support/afterwards.ts';
import { clinicCt } from '../support/clinic-ct.ts';
import { startOrthanc } from '../support/orthanc.ts';
import { type RunningNode, startRunningNode } from '../support/running-node.ts';
import { thresholdBundle } from '../support/threshold-bundle.ts';

interface Archive {
  readonly node: RunningNode;
  /** Has Orthanc send the first so many images by C-STORE. */
  readonly send: (images: number) => Promise<void>;
  /** Enters the node at Orthanc under this AE title. */
  readonly enter: (aeTitle: string) => Promise<void>;
}

/** A CT of 24 images that lies in Orthanc, and a node that may fetch from there. */
async function archive(t: TestContext, peer: object, change?: () => Elements): Promise<Archive> {
  const bundle = await thresholdBundle(t);
  const cleanup = { after: (undo: () => Promise<unknown>) => afterwards(t, undo) };
  const orthanc = await startOrthanc(cleanup, { DicomAlwaysAllowMove: true });
  const node = await startRunningNode(cleanup, {
    models: { directory: dirname(bundle.directory) },
    dicom: { otherAeTitles: ['OTHER'] },
    peers: [
      {
        name: 'pacs',
        aeTitle: orthanc.aeTitle,
        addresses: ['127.0.0.1'],
        host: '127.0.0.1',
        port: orthanc.dicomPort,
        retrieve: true,
        ...peer,
      },
    ],
    routes: [{ name: 'all', models: ['threshold'] }],
  });
  const ids: string[] = [];
  for (const { bytes } of clinicCt({ ...(change && { change }) }))
    ids.push((await orthanc.ask<{ ID: string }>('POST', '/instances', bytes)).ID);
  const enter = (aeTitle: string) =>
    orthanc.ask<void>('PUT', '/modalities/node', { AET: aeTitle, Host: '127.0.0.1', Port: node.dicomPort });
  // Orthanc sends to a modality under the title that it has there, and moves to the modality that has the title.
  return {
    node,
    enter,
    send: (images) => orthanc.ask('POST', '/modalities/node/store', ids.slice(0, images)),
  };
}

async function historyOf(node: RunningNode, { key }: SeriesSummary): Promise<string[]> {
  return (await node.show(key)).history.map(({ text }) => text);
}

test('Orthanc sends 9 of 24 images and says by C-FIND that it has 24: the rest is fetched by C-MOVE, and the CT contoured', async (t) => {
  const { node, enter, send } = await archive(t, { seriesCountQuery: true });
  await enter('CONTOUR');
  await send(9);
  const [series] = await node.settled(1, ['contoured'], 90);
  assert.deepEqual([series?.images, series?.revision], [24, 1]);
  const history = await historyOf(node, series!);
  assert.ok(history.includes('15 images are missing: fetched from pacs by C-MOVE'), history.join('\n'));
  assert.ok(history.includes('pacs says that it sent 24 images'), history.join('\n'));
});

test('Orthanc that does not know this node under its AE title sends nothing: the line says what to enter there', async (t) => {
  const { node, enter, send } = await archive(t, {}, () => ({ '00201209': ['IS', '24'] }));
  await enter('OTHER');
  await send(9);
  const [held] = await node.settled(1, ['incomplete'], 60);
  assert.match(held?.problem?.message ?? '', /9 of 24 instances have arrived/);
  const { history } = await node.show(held!.key);
  const fetched = history.find(({ kind }) => kind === 'retrieved');
  assert.equal(fetched?.code, 'STORE_REFUSED');
  assert.match(
    fetched?.text ?? '',
    /^pacs sent nothing: ORTHANC ended C-MOVE with 0x[0-9A-F]{4} \(enter CONTOUR with host and port of this node at ORTHANC/,
  );
  await enter('CONTOUR');
  await send(24);
  const [whole] = await node.settled(1, ['contoured'], 60);
  assert.deepEqual([whole?.images, whole?.revision], [24, 1]);
});
