import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { test } from 'node:test';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { tag } from '../../src/dicom/rtstruct/tags.ts';
import { pictureIndexFile, pictureIndexSchema, picturePlanesFile } from '../../src/work/picture-files.ts';
import { resultFile } from '../../src/work/paths.ts';
import { workResultSchema } from '../../src/work/work-result.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { startNodeWithTps } from '../support/node-with-tps.ts';
import { contourNode, runProgram } from '../support/run-program.ts';
import { plainState } from '../support/running-node.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

test('CT, MR and registration by C-STORE: the TPS gets contours of both, which say so; without MR those of the CT, which say that', async (t) => {
  const folder = await temporaryFolder(t);
  const written = await contourNode(
    'phantom',
    '--mr',
    '--out',
    folder,
    '--seed',
    '5',
    '--slices',
    '60',
    '--matrix',
    '128',
  );
  assert.equal(written.code, 0, written.stderr);
  const inputs = { MR: { match: { seriesDescription: '^t1', contrastAgent: 'given' }, waitMinutes: 0 } };
  const { node, tps } = await startNodeWithTps({ after: (undo) => afterwards(t, undo) }, join(folder, 'ct'), {
    route: { models: ['phantom-gtvp-mr'], inputs },
  });
  const send = async (...names: string[]): Promise<void> => {
    const paths = names.map((name) => join(folder, name));
    const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '+sd', '127.0.0.1', `${node.dicomPort}`, ...paths]);
    assert.equal(sent.code, 0, sent.stderr);
  };
  const delivered = (revision: number) =>
    eventually(`revision ${revision} is delivered`, 120, async () => {
      const ct = (await node.list()).find(({ modality }) => modality === undefined);
      return ct?.revision === revision && plainState(ct.state) === 'delivered' ? node.show(ct.key) : undefined;
    }).catch(async (cause: unknown) => {
      throw new Error(`${JSON.stringify(await node.list())}\n${node.log().slice(-3000)}`, { cause });
    });
  const descriptions = async (number: number): Promise<string[]> => {
    const file = parseDicom(await readFile(tps.imported[number]!.path));
    return file.items(tag.StructureSetROISequence).map((roi) => roi.string('30060028') ?? '');
  };

  await send('ct');
  const alone = await delivered(1);
  assert.ok(alone.warnings.some(({ code }) => code === 'INPUT_MISSING'));
  for (const text of await descriptions(0)) assert.match(text, /contoured without MR: no MR of the patient has come/);

  await send('mr', 'registration.dcm');
  const both = await delivered(2);
  const mr = both.inputs![0]!;
  assert.equal(mr.how, 'registration');
  assert.ok(
    both.warnings.every(({ code }) => code !== 'INPUT_MISSING'),
    JSON.stringify(both.warnings),
  );
  const [registration] = mr.registrations!;
  const said = `with MR ${mr.series} of 2026-01-01 by registration ${registration}`;
  for (const text of await descriptions(1)) assert.ok(text.includes(said), text);
  const [first, second] = tps.imported.map(({ sopInstanceUid }) => sopInstanceUid);
  assert.notEqual(first, second);

  const order = join(node.dataDirectory, both.orders[0]!.folder);
  const result = workResultSchema.parse(JSON.parse(await readFile(join(order, resultFile), 'utf8')));
  assert.deepEqual(
    result.inputs?.map(({ name, used, how }) => [name, used, how]),
    [['MR', true, 'registration']],
  );
  assert.ok(result.inputs[0]!.bodyOverlap! > 0.8, JSON.stringify(result.inputs));

  // The MR lies on the CT's pictures: where the CT shows tissue the MR is brighter than beside the patient.
  const text = await eventually('the pictures are there', 60, () =>
    readFile(join(order, pictureIndexFile), 'utf8').catch(() => undefined),
  );
  const index = pictureIndexSchema.parse(JSON.parse(text));
  const { width, height, planesPerChunk, chunks, positions } = index.planes.axial;
  const middle = positions.length >> 1;
  const plane = async (overlay: string | undefined, [offset, length]: readonly [number, number]): Promise<Buffer> => {
    const bytes = await readFile(join(order, picturePlanesFile('axial', overlay)));
    const planes = gunzipSync(bytes.subarray(offset, offset + length));
    return planes.subarray(
      (middle % planesPerChunk) * width * height,
      ((middle % planesPerChunk) + 1) * width * height,
    );
  };
  const chunk = Math.floor(middle / planesPerChunk);
  const ct = await plane(undefined, chunks[chunk]!);
  const seen = await plane('MR', index.overlays![0]!.chunks.axial[chunk]!);
  const mean = (isWanted: (hu: number) => boolean): number => {
    const values = [...seen].filter((grey, at) => grey > 0 && isWanted(index.levels[ct[at]!]!));
    return values.reduce((sum, grey) => sum + grey, 0) / values.length;
  };
  assert.ok(mean((hu) => hu > -50 && hu < 150) > 3 * mean((hu) => hu < -900), 'tissue and air');
});
