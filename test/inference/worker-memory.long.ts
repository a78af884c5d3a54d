import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { orderOnDisk } from '../support/order-on-disk.ts';
import { checkout, runProgram } from '../support/run-program.ts';
import { temporaryFolder, thresholdBundle, thresholdDescription } from '../support/threshold-bundle.ts';

/** Resident memory that a contour job may take in its own process, MB. */
const limits = [
  { size: 512, slices: 120, megabytes: 1500 },
  { size: 1024, slices: 198, megabytes: 2500 },
];

for (const { size, slices, megabytes } of limits) {
  test(`contouring ${size} x ${size} x ${slices} stays below ${megabytes} MB`, async (t) => {
    const folder = await temporaryFolder(t);
    await writePhantom(folder, 11, { size, slices });
    // Twelve ROIs on a fine grid, and bone is larger than any organ: more than a head-and-neck bundle asks for.
    const rois = Array.from({ length: 12 }, (_, n) => ({ ...thresholdDescription.rois[0]!, name: `Bone_${n}` }));
    const input = { ...thresholdDescription.input, spacingMm: 1.5, size: [256, 256] as [number, number] };
    const bundle = await thresholdBundle(t, { rois, input });
    const {
      dataDirectory,
      payload,
      folder: order,
    } = await orderOnDisk(join(folder, 'data'), join(folder, 'ct'), bundle);
    const child = `${checkout}test/support/contour-order-child.ts`;
    const outcome = await runProgram(process.execPath, [
      child,
      dataDirectory,
      JSON.stringify(payload),
      bundle.directory,
      'nowhere',
    ]);
    assert.equal(outcome.code, 0, outcome.stderr);
    const result = JSON.parse(await readFile(join(order, 'result.json'), 'utf8')) as {
      status: string;
      peakResidentMegabytes: number;
    };
    assert.equal(result.status, 'contoured');
    t.diagnostic(`${result.peakResidentMegabytes.toFixed(0)} MB`);
    assert.ok(
      result.peakResidentMegabytes > 100 && result.peakResidentMegabytes < megabytes,
      `${result.peakResidentMegabytes} MB`,
    );
  });
}
