import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { calibrate } from './models/calibrate.ts';
import { card } from './models/card.ts';
import { ensemble } from './models/ensemble.ts';
import { exportModel } from './models/export.ts';
import { importModel } from './models/import.ts';
import { list } from './models/list.ts';
import { options } from './models/options.ts';
import { quantise } from './models/quantise.ts';
import { ranges } from './models/ranges.ts';
import { verify } from './models/verify.ts';
import { commandConfig } from './shared/config-option.ts';

export const summary = 'list, verify, export and import model bundles';

export const help = `usage: contour-node models list|verify|export|import|ensemble|calibrate|quantise|ranges|card
                           ... [--config FILE] [--json]

  list                        bundles in models.directory: version, intended use, ROIs
  verify [NAME...]            digests and golden output of each (default: all) on the configured engine
         [--engine E] [--device D]
  export NAME --out F.onnx    the ONNX file, verified
  import FOLDER [--about A.yaml] [--yes] [--configuration C] [--folds 0,1] --out DIR
                              a bundle of an nnU-Net v2 results folder (plans.json, dataset.json, fold_0, ...), without
                              Python; A.yaml names ROIs, intended use and licence, --yes proposes what it leaves out
  import FOLDER [--about A.yaml] [--yes] --out DIR
                              the same of a MONAI bundle (configs/metadata.json, configs/inference.json, models/model.onnx)
  import F.onnx [--about A.yaml] [--yes] --out DIR
                              the same of an ONNX file with plans.json and dataset.json beside it
  import F.onnx --about D.yaml --out DIR
                              a bundle from an ONNX file of another trainer; D.yaml describes input, output and ROIs
                              (docs/models.md has examples for nnU-Net and MONAI)
  ensemble A B... --out DIR   a bundle whose probabilities are the mean of these; grid, thresholds and clean-up of the first
  calibrate NAME --data ARCHIVE
                              choose the thresholds anew, on the patients that were set aside in the training (an ensemble
                              has those of its first member); figures of evaluations are taken out of the bundle
  quantise NAME --data ARCHIVE|--phantoms N [--out DIR]
                              add to the bundle its network of slices with 8-bit integers, which onnxruntime then takes on a
                              CPU: calibrated on CTs of the archive (or on generated phantoms) and compared on the others;
                              refused where an ROI loses more than 0.005 mean DSC. With --out a bundle of it alone
  ranges NAME --training T.yaml [--data ARCHIVE] [--cache DIR]
                              add the ranges of the training data to a bundle that lacks them; the worker warns outside of
                              the ranges. T.yaml is the configuration that the bundle was trained with
  card NAME [--out DIR] [--pictures] [--known-failure TEXT]...
                              the model card NAME.md in docs/models (or DIR): data, licence, figures, known failures;
                              with --pictures also pictures of the phantoms with the worst results; --known-failure puts
                              what is known to go wrong into the bundle, in place of what stands there, a sentence each

An --out that exists needs --force; only card writes its file anew.

examples:
  contour-node models list
  contour-node models verify --engine tensorflow
  contour-node models export openkbp-head-neck --out head-neck.onnx
  contour-node models ensemble head-neck head-neck-3d --out models/head-neck-both
  contour-node models quantise head-neck --data ARCHIVE
  contour-node models import RESULTS/nnUNetTrainer__nnUNetPlans__3d_fullres --yes --out models/head-neck
  contour-node models import their.onnx --about their.yaml --out models/theirs

their.yaml:
  name: theirs
  version: 1.0.0
  description: brainstem, by our department
  input: { spacingMm: 1, sliceSpacingMm: null, size: [256, 256], centre: body, neighbours: 0,
           windows: [{ low: -160, high: 240 }], layout: nchw, tensor: image }
  output: { activation: logit, layout: nchw, tensor: logits }
  rois: [{ name: Brainstem, interpretedType: ORGAN, colour: [0, 128, 255] }]
  intendedUse: research
  applicability: { sliceSpacingMm: [1, 5] }
  licence: ours`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [action, ...names] = positionals;
  if (action === 'import') return importModel(names, values);
  const { config } = await commandConfig(values.config);
  if (action === 'list' && names.length === 0) return list(config, values);
  if (action === 'verify') return verify(config, names, values);
  if (action === 'export') return exportModel(config, names, values);
  if (action === 'ensemble') return ensemble(config, names, values);
  if (action === 'calibrate') return calibrate(config, names, values);
  if (action === 'quantise') return quantise(config, names, values);
  if (action === 'card') return card(config, names, values);
  if (action === 'ranges') return ranges(config, names, values);
  throw new ContourNodeError(
    'USAGE',
    action === undefined
      ? 'models needs list, verify, export, import, ensemble, calibrate, quantise, ranges or card'
      : `models ${positionals.join(' ')}`,
  );
}
