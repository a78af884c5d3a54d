import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Recipe } from '../../src/config/recipe-schema.ts';
import { returnedFile } from '../../worker/remote/contour-remote-order.ts';
import { prepareRemoteOrder } from '../../worker/remote/prepare-remote-order.ts';
import { cylinderWithEllipsoids, grid } from '../support/synthetic-ct.ts';
import { thresholdBundle } from '../support/threshold-bundle.ts';
import { hospital, contourRemotely, nearby, written, filesOf, assertSame, refusing } from '../support/near-and-far.ts';

test('contours of a remote worker give the same bytes as those of a worker beside the node, pictures included', async (t) => {
  await assertSame(await hospital(t));
});

test('the same with a segmentation, and by a recipe with derived structures', async (t) => {
  const there = await hospital(t, { destination: { segmentation: true } });
  await assertSame(there);
  assert.ok(Object.keys(await filesOf(there.far)).some((name) => name.endsWith('.seg.implicit.dcm')));
  const { name } = there.loaded.bundle.manifest;
  const recipe: Recipe = {
    name: 'protocol',
    description: '',
    structures: [
      { name: 'Bright', from: `${name}/Bright`, need: 'optional', deliver: true },
      { name: 'Body', from: 'body', need: 'optional', deliver: true },
      { name: 'Bright_5', formula: 'margin(Bright, 5)', need: 'optional', deliver: true },
    ],
  };
  await assertSame(await hospital(t, { recipe, destination: { segmentation: true } }));
});

test('what leaves the node names nobody: order and slices hold nothing of the header but what the pixels need', async (t) => {
  const there = await hospital(t);
  await contourRemotely(there);
  const secrets = ['Ellipsoid', 'T1 ', '2.25.770', '20260102', '030405', '"TPS"'];
  const files = (await readdir(there.spool)).filter((name) => name !== returnedFile);
  assert.equal(files.length, 14);
  for (const name of files) {
    const bytes = await readFile(join(there.spool, name));
    for (const secret of secrets) assert.equal(bytes.includes(secret), false, `${secret} in ${name}`);
  }
});

test('a CT that a worker beside the node would reject is rejected in the same words', async (t) => {
  const unfit = await hospital(
    t,
    {},
    {
      bundle: await thresholdBundle(t, { applicability: { sliceSpacingMm: [0.5, 2] } }),
    },
  );
  const prepared = await prepareRemoteOrder(
    { dataDirectory: unfit.far.dataDirectory, modelsDirectory: unfit.models },
    unfit.far.payload,
  );
  assert.equal(prepared, undefined, 'nothing of it leaves the node');
  const [near, far] = [await nearby(unfit), await written(unfit, undefined)];
  assert.deepEqual([far.status, far.error], ['rejected', near.error]);

  const thin = { centre: [0, 0], radii: [9, 9] } as const;
  const nobody = cylinderWithEllipsoids(grid([128, 128, 12], [1.7, 1.7, 3]), thin, []);
  const air = await hospital(t, {}, { volume: nobody });
  const [here, there] = [await nearby(air), await written(air, await contourRemotely(air))];
  assert.deepEqual([there.status, there.error], ['rejected', here.error]);
});

test('what is damaged, of another version, of another bundle or beyond the CT is refused, and nothing is written', async (t) => {
  const there = await hospital(t);
  const file = await contourRemotely(there);
  const { refused } = await refusing(there, file);
  await refused('REMOTE_VERSION', (bad) => ({ ...bad, version: '0.0.1' }));
  await refused('REMOTE_RESULT', (bad) => ({ ...bad, bundles: ['0'.repeat(64)] }));
  await refused('REMOTE_RESULT', (bad) => ({ ...bad, outcome: { kind: 'contours' } }));
  await refused('REMOTE_RESULT', (bad) => {
    if (bad.outcome.kind === 'contours') bad.outcome.rois[0]!.slices[0]!.polygons[0]!.outer[0] = 1e6;
    return bad;
  });
  await refused('REMOTE_RESULT', (bad) => {
    if (bad.outcome.kind === 'contours') bad.outcome.rois[0]!.slices.reverse();
    return bad;
  });
  await writeFile(file, 'not gzip');
  await assert.rejects(written(there, file), /is not gzip of JSON/);
});
