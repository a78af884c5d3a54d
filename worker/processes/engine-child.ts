import type { ContourPayload } from '../../src/work/payloads.ts';
import { createLog, type Log } from '../../src/log.ts';
import { contourOrder, type ContourOrderOptions } from '../order/contour-order.ts';
import { type Problem, problemFrom } from '../../src/problem.ts';
import { contourRemoteOrder } from '../remote/contour-remote-order.ts';
import { type EngineSettings, type EngineTask, type FromEngine, toEngineSchema } from './engine-messages.ts';
import type { ContourNodeError } from '../../src/errors.ts';
import { int8Refusals, type LoadedBundle } from '../bundles/load-bundle.ts';
import { throttledProgress } from './throttled-progress.ts';
import { WarmBundles } from './warm-bundles.ts';

// The engine process: forked by engine-process.ts, it holds the tensors and gets paths only. It may block, crash or be
// killed at any time; the parent holds the locks and the connection to Redis.

interface State {
  readonly settings: EngineSettings;
  readonly bundles: WarmBundles;
  readonly log: Log;
}

let state: State | undefined;

function tell(message: FromEngine): void {
  process.send?.(message);
}

function residentMegabytes(): number {
  return process.memoryUsage.rss() / 1e6;
}

async function start(settings: EngineSettings): Promise<State> {
  const log = createLog(settings, 'engine');
  const { modelsDirectory, dataDirectory, bundlesMegabytes } = settings;
  const bundles = new WarmBundles(modelsDirectory, () => residentMegabytes() > bundlesMegabytes, dataDirectory);
  const warmed: string[] = [];
  const problems: Problem[] = [];
  for (const name of settings.warmUp) {
    try {
      const loaded = await bundles.get(name, settings.engine);
      warmed.push(name);
      problems.push(...int8Refusals(loaded).map(problemFrom));
    } catch (error) {
      problems.push(problemFrom(error));
    }
  }
  tell({ kind: 'ready', warmed, problems });
  return { settings, bundles, log };
}

async function contour({ settings, bundles, log }: State, task: EngineTask): Promise<void> {
  try {
    const options: ContourOrderOptions = {
      openEngine: async (bundle, { precision, ...engine }) => {
        const own = settings.engine.precision === 'float32' ? 'float32' : precision;
        const choice = { ...engine, precision: own, threads: settings.engine.threads };
        const loaded = await bundles.get(bundle.name, choice, bundle.digest);
        sayRefused(loaded, log);
        return loaded;
      },
      batchSize: settings.engine.batchSize,
      progress: throttledProgress((stage, fraction) => {
        tell({ kind: 'progress', stage, fraction: Math.min(1, Math.max(0, fraction)) });
      }),
    };
    const { status, error, timings, peakResidentMegabytes } =
      task.kind === 'contour'
        ? await contourOrder(settings.dataDirectory, task.payload, options)
        : await contourRemoteOrder(task.folder, options);
    const summary = { status, timings, peakResidentMegabytes, ...(error === undefined ? {} : { error }) };
    await bundles.rest();
    tell({ kind: 'done', summary, residentMegabytes: residentMegabytes() });
  } catch (error) {
    const isAhead = task.kind === 'contour' && task.payload.try === 0;
    log[isAhead ? 'info' : 'error'](
      { err: error, ...(task.kind === 'contour' && nameOf(task.payload)) },
      'contour job failed',
    );
    tell({ kind: 'failed', problem: problemFrom(error), residentMegabytes: residentMegabytes() });
  }
}

const said = new WeakSet<ContourNodeError>();

/** Once for each loading: the bundles of the routes are told at the start, others are loaded for a job. */
function sayRefused(loaded: LoadedBundle, log: Log): void {
  for (const refused of int8Refusals(loaded)) {
    if (said.has(refused)) continue;
    said.add(refused);
    log.error({ err: refused }, 'a bundle contours in float32 although it has a network with 8-bit integers');
  }
}

function nameOf({ series, revision, try: number }: ContourPayload): object {
  return { series, revision, try: number };
}

process.on('message', (raw) => {
  void (async () => {
    const message = toEngineSchema.parse(raw);
    if (message.kind === 'start') state = await start(message.settings);
    else if (state !== undefined) await contour(state, message);
  })();
});

// The parent has ended or has closed the channel to end this process.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when this process ends.
process.on('SIGINT', () => undefined);
