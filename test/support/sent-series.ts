import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { range } from '../intake/intake-harness.ts';
import type { TestContext } from 'node:test';
import { ctSliceFile } from './ct-slice.ts';
import { runProgram } from './run-program.ts';
import { temporaryFolder } from './threshold-bundle.ts';

/** Sends series by DCMTK's storescu to a port of this machine: slices 1 to `last` of each. */
export async function sendSeries(
  t: TestContext,
  port: number,
  wanted: readonly (readonly [series: string, last: number])[],
): Promise<void> {
  const folder = await temporaryFolder(t);
  const files: string[] = [];
  for (const [series, last] of wanted) {
    for (const number of range(1, last)) {
      const file = join(folder, `${series}-${number}.dcm`);
      await writeFile(file, ctSliceFile({ series, number }));
      files.push(file);
    }
  }
  const { code, stderr } = await runProgram('/usr/bin/storescu', ['127.0.0.1', String(port), ...files]);
  assert.equal(code, 0, stderr);
}
