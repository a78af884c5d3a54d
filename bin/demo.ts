import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { cleanDemoFolder, makeDemoFolder } from '../worker/demo/demo-folder.ts';
import { demoJson, demoText, shortfall, stageLine } from '../worker/demo/demo-report.ts';
import { runDemo, type Demo } from '../worker/demo/run-demo.ts';
import { checkOutputs, forceOption } from './shared/new-output.ts';
import { positiveNumber, wholeNumber } from './shared/number-option.ts';

export const summary = 'send a phantom CT through node, worker and a stand-in TPS on this machine';

export const help = `usage: contour-node demo [--seed N [--mr] | --ct DIR] [--model M] [--keep] [--out DIR] [--json]

Starts node, worker, Redis and a stand-in TPS as strict as Pinnacle, sends a generated phantom CT by C-STORE and prints
every stage with its time, each ROI with volume, slices and DSC against the known truth, the paths of the received
RTSTRUCT and of a picture. Everything that it started ends with it. Exit code 1: nothing
arrived in time, or the phantom's tumour, or the CTV or PTV that the recipe derives from it, has a DSC below 0.90.

  --seed N     which phantom (default 7; phantom-gtvp was trained on seeds from 100000 on)
  --mr         the phantom has an MR and its registration to the CT, and the model phantom-gtvp-mr sees both
  --ct DIR     a real CT series instead, without a known truth
  --model M    name of a bundle in models/ or the path of its folder, in place of the recipe npc of config/recipes
  --keep       keep everything running until Ctrl-C, on the usual ports where they are free, and print the page's address
  --out DIR    where RTSTRUCT, picture and log are written (default: a new temporary folder)
  --force      write into a folder that holds something
  --timeout S  seconds for contouring and delivery (default 300)
  --json       one JSON document on standard output

examples:
  contour-node demo
  contour-node demo --mr
  contour-node demo --ct /data/ct-series --model openkbp-head-neck --keep`;

const program = fileURLToPath(new URL('contour-node.ts', import.meta.url));

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: '7' },
      ct: { type: 'string' },
      mr: { type: 'boolean', default: false },
      model: { type: 'string' },
      keep: { type: 'boolean', default: false },
      out: { type: 'string' },
      timeout: { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
      ...forceOption,
    },
  });
  const { ct, mr, model, keep, json } = values;
  if (mr && ct !== undefined) throw new ContourNodeError('USAGE', '--mr is for a phantom: without --ct');
  const seed = wholeNumber('seed', values.seed, 0);
  const timeoutSeconds = positiveNumber('timeout', values.timeout);
  await checkOutputs({ out: values.out }, values.force);
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort());
  const say = (line: string): void => (json ? undefined : console.log(line));
  const folder = await makeDemoFolder(values.out);
  let demo: Demo | undefined;
  try {
    demo = await runDemo({
      program,
      folder,
      seed,
      mr,
      ...(ct !== undefined && { ct }),
      ...(model !== undefined && { model }),
      usualPorts: keep,
      timeoutSeconds,
      signal: interrupt.signal,
      onStage: (stage) => say(stageLine(stage)),
    });
    const failure = ct === undefined ? shortfall(demo) : undefined;
    console.log(json ? demoJson(demo, keep, failure) : demoText(demo, keep));
    if (failure !== undefined) throw failure;
    if (keep) {
      say('\nrunning; Ctrl-C ends it');
      await Promise.race([demo.ended, new Promise((resume) => interrupt.signal.addEventListener('abort', resume))]);
    }
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    console.error('interrupted');
    process.exitCode = 130;
  } finally {
    await demo?.stop();
    await cleanDemoFolder(folder);
  }
}
