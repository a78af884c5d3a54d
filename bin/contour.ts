import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { loadBundle } from '../worker/bundles/load-bundle.ts';
import { contourFolder, type ContouredFolder } from '../worker/contour-folder.ts';
import { commandConfig } from './shared/config-option.ts';
import { withEngine } from './shared/engine-option.ts';
import { sayInt8Refused } from './shared/int8-refused.ts';
import { checkOutputs, forceHelp, forceOption } from './shared/new-output.ts';
import { progressBar } from './shared/progress.ts';
import { usedLine } from './shared/used-line.ts';

export const summary = 'contour a CT series on disk: an RTSTRUCT with every ROI of a bundle, no network';

export const help = `usage: contour-node contour CT... --model M --out F.dcm [options]

Contours one CT series (a folder, or a list of files) and writes a structure set with every ROI of the bundle that it
finds, also those that the node does not deliver by itself. Symbolic links are followed, files without file meta
information are read; the output says how many files were ignored, and why. A model that sees an MR beside the CT takes the one that is with the
CT and that its frame of reference, or a registration (REG) with it, leads to.

  --model M       name of a bundle (see \`contour-node models list\`) or the path of its folder
  --out F.dcm     structure set to write
  --explicit      in Explicit VR Little Endian (default: implicit, which every planning system takes)
  --nifti DIR     also a mask per ROI on the CT grid: DIR/ROI.nii.gz
  --pictures DIR  also pictures of the key slices: contact-sheet.png, axial.png, coronal.png, sagittal.png
  --tilt T        a series with a tilted gantry: refuse (default), or resolve: it is resampled for the network, and the
                  contours lie in the tilted planes
  --engine E      onnxruntime or tensorflow (default: as configured, onnxruntime)
  --device D      auto, cpu, gpu, cuda, webgpu
  --precision P   auto, or float32: also where the bundle has a network with 8-bit integers
  --config FILE   configuration: engine, models.directory, dicom.uidRoot (default: contour-node.yaml of this folder)
  --force         ${forceHelp}
  --json          one JSON document on standard output

examples:
  contour-node contour ./ct --model openkbp-head-neck --out rtstruct.dcm --pictures key-slices
  contour-node contour ./ct --model ./my-bundle --out mine.dcm --nifti masks --json`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      model: { type: 'string' },
      out: { type: 'string' },
      explicit: { type: 'boolean', default: false },
      nifti: { type: 'string' },
      pictures: { type: 'string' },
      tilt: { type: 'string', default: 'refuse' },
      engine: { type: 'string' },
      device: { type: 'string' },
      precision: { type: 'string' },
      config: { type: 'string' },
      json: { type: 'boolean', default: false },
      ...forceOption,
    },
  });
  const { model, out } = values;
  if (positionals.length === 0) throw new ContourNodeError('USAGE', 'contour needs a CT: a folder or a list of files');
  if (model === undefined) throw new ContourNodeError('USAGE', 'contour needs --model M');
  if (out === undefined) throw new ContourNodeError('USAGE', 'contour needs --out F.dcm');
  const { tilt } = values;
  if (tilt !== 'refuse' && tilt !== 'resolve') throw new ContourNodeError('USAGE', `--tilt ${tilt}: refuse or resolve`);
  const { nifti, pictures } = values;
  await checkOutputs({ out, nifti, pictures }, values.force);
  const config = withEngine((await commandConfig(values.config)).config, values);
  const loaded = await loadBundle(model, config.models.directory, config.engine);
  sayInt8Refused(loaded);
  const bar = progressBar('contouring', 1, { quiet: values.json });
  try {
    const result = await contourFolder(positionals, loaded, {
      out,
      encoding: values.explicit ? 'explicit' : 'implicit',
      nifti: values.nifti,
      pictures: values.pictures,
      config,
      tilt,
      now: new Date(),
      progress: (stage, fraction) => bar.update(fraction, stage),
    });
    bar.end();
    const { name, version } = loaded.bundle.manifest;
    if (values.json)
      console.log(
        JSON.stringify(
          { model: { name, version }, engine: loaded.engine.name, device: loaded.engine.device, ...result },
          undefined,
          2,
        ),
      );
    else print(result);
  } finally {
    bar.end();
    await loaded.engine.close();
  }
}

function print({ slices, ignored, inputs, rois, warnings, timings, files }: ContouredFolder): void {
  const all = ignored.reduce((sum, group) => sum + group.files, 0);
  if (all > 0) {
    const why = ignored.map((group) => `${group.files} ${group.reason}`).join(', ');
    console.error(`${all} ${all === 1 ? 'file' : 'files'} ignored: ${why}`);
  }
  for (const { severity, code, text } of warnings) console.error(`${severity} ${code}: ${text}`);
  for (const input of inputs) if (input.used) console.log(usedLine(input));
  console.log(`${'ROI'.padEnd(18)} ${'cm³'.padStart(8)} ${'slices'.padStart(7)}`);
  for (const roi of rois) {
    console.log(
      roi.found
        ? `${roi.name.padEnd(18)} ${roi.volumeCm3.toFixed(1).padStart(8)} ${String(roi.slices).padStart(7)}`
        : `${roi.name.padEnd(18)} not found`,
    );
  }
  const seconds = timings.reduce((sum, timing) => sum + timing.seconds, 0);
  console.log(
    `${slices} slices in ${seconds.toFixed(1)} s: ${timings.map((timing) => `${timing.stage} ${timing.seconds.toFixed(1)}`).join(', ')}`,
  );
  for (const file of files) console.log(file);
}
