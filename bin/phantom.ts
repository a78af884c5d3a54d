import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { patientPositions } from '../worker/phantom/write-ct.ts';
import { writePhantom } from '../worker/phantom/write-phantom.ts';
import { checkOutputs, forceOption } from './shared/new-output.ts';
import { wholeNumber } from './shared/number-option.ts';
import { progressBar } from './shared/progress.ts';

export const summary = 'write a generated head-and-neck CT series with its true RTSTRUCT';

export const help = `usage: contour-node phantom --out DIR [--mr] [--seed N] [--slices N] [--matrix N] [--position HFS|HFP|FFS|FFP]
                            [--force] [--json]

Writes DIR/ct/0001.dcm ... and DIR/truth.dcm. The same seed gives the same files.

  --out DIR       folder to write to; it is created if needed
  --seed N        selects patient, tumour and scan (default 1)
  --slices N      slices over the length of the scan (default: by the seed's slice spacing, 2 to 4 mm)
  --matrix N      pixels of the square matrix (default 512)
  --position P    patient position (default HFS)
  --mr            also a T1-weighted MR with contrast agent in a frame of reference of its own, DIR/mr, and its registration
                  to the CT, DIR/registration.dcm; in this CT the tumour's border is faint, the MR shows it
  --force         write over a phantom that is there

examples:
  contour-node phantom --out /tmp/phantom --seed 7
  contour-node phantom --out /tmp/small --seed 7 --matrix 256 --slices 40
  contour-node phantom --out /tmp/both --seed 7 --mr
  contour-node send /tmp/phantom/ct --to CONTOUR@localhost:11112`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
      slices: { type: 'string' },
      matrix: { type: 'string' },
      position: { type: 'string', default: 'HFS' },
      mr: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      ...forceOption,
    },
  });
  if (values.out === undefined) throw new ContourNodeError('USAGE', 'phantom needs --out DIR');
  const patientPosition = patientPositions.find((position) => position === values.position);
  if (patientPosition === undefined)
    throw new ContourNodeError('USAGE', `--position ${values.position}: one of ${patientPositions.join(', ')}`);
  const seed = wholeNumber('seed', values.seed, 0);
  const scan = {
    ...(values.slices !== undefined && { slices: wholeNumber('slices', values.slices, 10, 1000) }),
    ...(values.matrix !== undefined && { size: wholeNumber('matrix', values.matrix, 32, 2048) }),
    ...(values.mr && { mr: true as const }),
  };
  await checkOutputs({ out: values.out }, values.force);
  // Else slices of the one before would be left among the new ones.
  for (const folder of ['ct', 'mr'].map((name) => join(values.out!, name)))
    for (const file of await readdir(folder).catch(() => []))
      if (/^\d{4}\.dcm$/.test(file)) await rm(join(folder, file));
  await rm(join(values.out, 'registration.dcm'), { force: true });
  const bar = progressBar('writing slices', 1, { quiet: values.json });
  const { phantom, ctFiles, structureSet, mrFiles, registration } = await writePhantom(values.out, seed, {
    patientPosition,
    ...scan,
    onProgress: (done, total) => bar.update(done / total),
  }).finally(() => bar.end());
  const { size, spacing } = phantom.volume.grid;
  if (values.json) {
    console.log(
      JSON.stringify({
        seed,
        size,
        spacing,
        ctFiles,
        structureSet,
        rois: phantom.truth.map(({ name }) => name),
        ...(registration !== undefined && { mrFiles, registration }),
      }),
    );
    return;
  }
  console.log(`${ctFiles.length} slices of ${size[0]} x ${size[1]} in ${values.out}/ct`);
  console.log(`truth (${phantom.truth.map(({ name }) => name).join(', ')}) in ${structureSet}`);
  if (registration !== undefined)
    console.log(`${mrFiles.length} MR slices in ${values.out}/mr, their registration to the CT in ${registration}`);
}
