import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { runDemo, type Demo, type Stage } from './demo/run-demo.ts';

export const summary = 'the whole way of a CT on this machine, with a stand-in TPS at its end';

export const help = `usage: contour-node demo [--seed N | --ct DIR] [--model M] [--keep] [--out DIR] [--json]

Starts node, worker, Redis and a stand-in TPS as picky as Pinnacle, sends a generated phantom CT by C-STORE and prints
every stage with its time, each ROI with volume, slices and DSC against the known truth, the path of the received
RTSTRUCT and of a preview picture, and the dashboard's address. Everything ends with it. Exit code 1 when nothing
arrives in time or the phantom's tumour is drawn with a DSC below 0.90.

  --seed N     which phantom (default 7; phantom-gtvp was trained on seeds from 100000 on)
  --ct DIR     a real CT series instead; then no truth is known
  --model M    name of a bundle in models/ or the path of its folder (default phantom-gtvp)
  --keep       leave everything running until Ctrl-C, on the usual ports where they are free
  --out DIR    where RTSTRUCT, picture and log are written (default: a new temporary folder)
  --timeout S  seconds for contouring and delivery (default 300)
  --json       one JSON document on standard output

examples:
  contour-node demo
  contour-node demo --ct /data/ct-series --model openkbp-head-neck --keep`;

/** The bundle that the demo is made for, and what the tumour has to reach on a phantom. */
const demoModel = 'phantom-gtvp';
const demoRoi = 'GTVp';
const leastDsc = 0.9;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: '7' },
      ct: { type: 'string' },
      model: { type: 'string', default: demoModel },
      keep: { type: 'boolean', default: false },
      out: { type: 'string' },
      timeout: { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
    },
  });
  if (!/^\d{1,15}$/.test(values.seed)) throw new ContourNodeError('USAGE', `--seed ${values.seed}: a whole number`);
  const timeoutSeconds = Number(values.timeout);
  if (!(timeoutSeconds > 0)) throw new ContourNodeError('USAGE', `--timeout ${values.timeout}: a number of seconds`);
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort());
  const say = (line: string): void => (values.json ? undefined : console.log(line));
  const folder = await outputFolder(values.out);
  let demo: Demo | undefined;
  try {
    demo = await runDemo({
      folder,
      seed: Number(values.seed),
      ...(values.ct !== undefined && { ct: values.ct }),
      model: values.model,
      usualPorts: values.keep,
      timeoutSeconds,
      signal: interrupt.signal,
      onStage: (stage) => say(stageLine(stage)),
    });
    const failure = values.ct === undefined ? shortfall(demo, values.model) : undefined;
    if (values.json) console.log(JSON.stringify(jsonReport(demo, failure), undefined, 2));
    else for (const line of report(demo)) say(line);
    if (failure !== undefined)
      throw new ContourNodeError('DEMO_FAILED', failure, { remedy: `look at ${demo.preview}` });
    if (values.keep) {
      say('\nrunning; Ctrl-C ends it');
      await Promise.race([demo.ended, new Promise((resume) => interrupt.signal.addEventListener('abort', resume))]);
    }
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    console.error('interrupted');
    process.exitCode = 130;
  } finally {
    await demo?.stop();
    // The log, the structure set and the picture stay.
    for (const name of ['data', 'phantom', 'config.yaml'])
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function outputFolder(given: string | undefined): Promise<string> {
  if (given === undefined) return mkdtemp(join(tmpdir(), 'contour-node-demo-'));
  const folder = resolve(given);
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `cannot make the folder ${given}`, { cause });
  });
  return folder;
}

function stageLine({ name, seconds, detail }: Stage): string {
  return `${name.padEnd(9)} ${seconds.toFixed(1).padStart(6)} s  ${detail}`;
}

function report({ rois, structureSet, preview, dashboard }: Demo): string[] {
  return [
    '',
    `${'ROI'.padEnd(16)} ${'cm3'.padStart(7)} ${'slices'.padStart(7)} ${'DSC'.padStart(6)}`,
    ...rois.map(({ name, volumeCm3, slices, dsc }) =>
      [
        name.padEnd(16),
        volumeCm3.toFixed(1).padStart(7),
        String(slices).padStart(7),
        (dsc?.toFixed(3) ?? '-').padStart(6),
      ].join(' '),
    ),
    '',
    `RTSTRUCT   ${structureSet}`,
    `picture    ${preview}`,
    `dashboard  ${dashboard}`,
  ];
}

function jsonReport({ stages, rois, structureSet, preview, dashboard }: Demo, failure: string | undefined) {
  return {
    ok: failure === undefined,
    ...(failure !== undefined && { failure }),
    stages,
    rois,
    structureSet,
    preview,
    dashboard,
  };
}

/** Why the demonstration on a phantom counts as failed although a structure set arrived. */
function shortfall({ rois }: Demo, model: string): string | undefined {
  const roi = rois.find(({ name }) => name.startsWith(demoRoi));
  if (roi?.dsc === undefined) return model === demoModel ? `the TPS received no ${demoRoi}` : undefined;
  return roi.dsc >= leastDsc
    ? undefined
    : `${demoRoi}: DSC ${roi.dsc.toFixed(3)} against the truth, expected at least ${leastDsc.toFixed(2)}`;
}
