import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBundle } from '../../src/bundles/read-bundle.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Recipe } from '../../src/config/recipe-schema.ts';
import { destinationSchema } from '../../src/config/schema.ts';
import { readStoredInstance } from '../../src/dimse/scu/stored-instance.ts';
import { storeInstances } from '../../src/dimse/scu/storage-scu.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { phantomCt, realCt, type DemoCt } from './demo-ct.ts';
import { startDemoNode, type DemoNode } from './demo-node.ts';
import { followSeries, type ShownSeries } from './follow-series.ts';
import { freePort } from './free-port.ts';
import { judgeStructureSet, type JudgedRoi } from './judge-structure-set.ts';
import { startPickyTps, type PickyTps } from './picky-tps.ts';

export interface DemoOptions {
  /** Path of the program whose command `start` is run. */
  readonly program: string;
  /** For everything that is written; the caller removes it. */
  readonly folder: string;
  readonly seed: number;
  /** A real CT instead of the phantom. */
  readonly ct?: string;
  /** The phantom has an MR of its own, which the model sees beside the CT. */
  readonly mr: boolean;
  /** Name of a bundle in models/ or the path of its folder, in place of the recipe npc. */
  readonly model?: string;
  /** Take the node's usual ports where they are free. */
  readonly usualPorts: boolean;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly onStage: (stage: Stage) => void;
}

export interface Stage {
  readonly name: string;
  readonly seconds: number;
  readonly detail: string;
}

export interface Demo {
  readonly stages: readonly Stage[];
  readonly rois: readonly JudgedRoi[];
  /** Its name, where a recipe contoured. */
  readonly recipe?: string;
  /** The file as the planning system received it. */
  readonly structureSet: string;
  readonly picture: string;
  readonly dashboard: string;
  /** Rejects when the node ends by itself. */
  readonly ended: Promise<never>;
  stop(): Promise<void>;
}

const senderAe = 'DEMOCT';
const modelOfMr = 'phantom-gtvp-mr';
const models = fileURLToPath(new URL('../../models', import.meta.url));
const recipeFile = fileURLToPath(new URL('../../config/recipes/npc.yaml', import.meta.url));
const roiSuffix = destinationSchema.shape.roiSuffix.parse(undefined);

/**
 * One CT from C-STORE to a received structure set with real parts: node, worker and Redis in processes of their own, and
 * a stand-in planning system in this one.
 * @throws ContourNodeError DEMO_FAILED and what its parts throw; then everything that was started has ended
 */
export async function runDemo(options: DemoOptions): Promise<Demo> {
  let tps: PickyTps | undefined;
  let node: DemoNode | undefined;
  const stop = async (): Promise<void> => {
    await node?.stop();
    await tps?.close();
  };
  try {
    const stages: Stage[] = [];
    const stage = (name: string, seconds: number, detail: string): void => {
      stages.push({ name, seconds, detail });
      options.onStage(stages.at(-1)!);
    };
    const { folder, signal } = options;
    const contourer = await contourerOf(options.model ?? (options.mr ? modelOfMr : undefined));
    const ct = await timed(
      (seconds, made: DemoCt) => stage('ct', seconds, made.description),
      () => (options.ct === undefined ? phantomCt(folder, options.seed, options.mr) : realCt(options.ct)),
    );
    tps = await startPickyTps({
      directory: join(folder, 'tps'),
      aeTitle: 'PINNACLE',
      ...(options.ct === undefined ? { ct: join(folder, 'phantom', 'ct') } : { ct: options.ct }),
    });
    const tpsAddress = { aeTitle: tps.aeTitle, host: tps.host, port: tps.port };
    const ports = options.usualPorts ? [11112, 8080] : [0, 0];
    const [dicomPort, httpPort] = [await freePort(ports[0]), await freePort(ports[1])];
    node = await timed(
      (seconds, { aeTitle }) => stage('start', seconds, `node, worker and Redis: ${aeTitle} on port ${dicomPort}`),
      () =>
        startDemoNode({
          program: options.program,
          folder,
          dicomPort,
          httpPort,
          ...contourer,
          mr: options.mr,
          senderAe,
          tps: tpsAddress,
          signal,
        }),
    );
    const running = node;
    await Promise.race([running.ended, sendAndFollow(running, ct, options, stage)]);
    const [received] = tps.imported;
    if (received === undefined || tps.imported.length > 1) {
      throw new ContourNodeError(
        'DEMO_FAILED',
        `the TPS has ${tps.imported.length} structure sets; refused: ${tps.refused.join('; ') || 'none'}`,
      );
    }
    const picture = join(folder, 'picture.png');
    const judgement = await judgeStructureSet(received.path, ct, roiSuffix);
    await writeFile(picture, judgement.picture);
    const dashboard = `${running.url}/`;
    return {
      stages,
      rois: judgement.rois,
      ...(typeof contourer.by !== 'string' && { recipe: contourer.by.name }),
      structureSet: received.path,
      picture,
      dashboard,
      ended: running.ended,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID */
async function contourerOf(model: string | undefined): Promise<{ modelDirectory: string; by: string | Recipe }> {
  if (model === undefined) {
    const [recipe] = parseConfig(await readFile(recipeFile, 'utf8'), basename(recipeFile)).recipes;
    return { modelDirectory: models, by: recipe! };
  }
  const folder = model.includes('/') ? resolve(model) : join(models, model);
  await readBundle(folder);
  return { modelDirectory: dirname(folder), by: basename(folder) };
}

/** Sends the CT and waits until its structure set is delivered; times count from the last C-STORE response. */
async function sendAndFollow(
  node: DemoNode,
  ct: DemoCt,
  { signal, timeoutSeconds }: DemoOptions,
  stage: (name: string, seconds: number, detail: string) => void,
): Promise<ShownSeries> {
  const peer = { aeTitle: node.aeTitle, host: node.host, port: node.dicomPort };
  const started = performance.now();
  // The CT last: its times count from there.
  for (const files of [ct.beside, ct.files].filter(({ length }) => length > 0)) {
    const instances = await Promise.all(files.map(readStoredInstance));
    const results = await storeInstances(peer, instances, { callingAe: senderAe, timeoutSeconds: 60, signal });
    const failure = results.find(({ outcome }) => outcome !== 'stored');
    if (failure !== undefined)
      throw new ContourNodeError('DEMO_FAILED', `the node did not store an instance: ${failure.message}`);
  }
  let last = performance.now();
  const sent = ct.files.length + ct.beside.length;
  stage('send', (last - started) / 1000, `${sent} instances by C-STORE from ${senderAe}`);
  return followSeries(node.url, {
    timeoutSeconds,
    signal,
    onMilestone: (milestone, series) => {
      const now = performance.now();
      const [order] = series.orders;
      const detail = {
        complete: () => `series checked and routed to ${series.models.join(', ')}${besideWords(series)}`,
        contoured: () =>
          order?.timings.map((timing) => `${timing.stage} ${timing.seconds.toFixed(1)} s`).join(', ') ?? '',
        delivered: () =>
          `accepted by ${series.destinations.join(', ')} with status ${(order?.deliveries[0]?.status ?? 0).toString(16).padStart(4, '0')}`,
      }[milestone]();
      stage({ complete: 'intake', contoured: 'contour', delivered: 'deliver' }[milestone], (now - last) / 1000, detail);
      last = now;
    },
  });
}

function besideWords({ inputs = [] }: ShownSeries): string {
  return inputs.map(({ name, how }) => `, with ${name} by ${how.replaceAll('-', ' ')}`).join('');
}

async function timed<T>(report: (seconds: number, result: T) => void, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  report((performance.now() - started) / 1000, result);
  return result;
}
