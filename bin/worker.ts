import { parseArgs } from 'node:util';
import { type LoadedConfig, loadConfig } from '../src/config/load.ts';
import { ContourNodeError } from '../src/errors.ts';
import { type QueueKind, queueKinds } from '../src/jobs/queue-names.ts';
import { redisAddress } from '../src/jobs/redis-connection.ts';
import { createLog } from '../src/log.ts';
import { runService } from '../worker/processes/service.ts';
import { startRemoteWorker } from '../worker/remote/remote-worker.ts';
import { startWorker } from '../worker/processes/worker.ts';
import { configFile, configHelp } from './shared/config-option.ts';
import { withNodes } from './shared/node-option.ts';
import { withEngine } from './shared/engine-option.ts';

export const summary = 'contour CTs and deliver structure sets that the node has queued';

export const help = `usage: contour-node worker [--config FILE] [--queues LIST] [--engine E] [--device D]
       contour-node worker --node URL[,URL...] [--token-file F] [--config FILE] [--engine E] [--device D]

Takes jobs from Redis (redis.url, or the embedded server of a node on this machine), contours and delivers. Several workers
may run, also on other machines that have the node's data directory under the configured path.

With --node, or worker.nodes, it contours for nodes on other machines over their HTTP ports: it needs neither their data directory
nor their Redis, gets no patient's name, and returns contours, from which the node writes the structure set.

${configHelp}
  --node URL      of a node, several with commas between; those under worker.nodes keep what stands there
  --token-file F  API token of the role worker, for every --node without one of its own (default: CONTOUR_NODE_TOKEN)
  --queues LIST   of contour, compare (corrections) and deliver (default: all)
  --engine E      onnxruntime or tensorflow, instead of engine.name, for a machine with another accelerator
  --device D      auto, cpu, gpu, cuda or webgpu, instead of engine.device
  --precision P   auto or float32, instead of engine.precision: float32 leaves networks with 8-bit integers alone

Signals: SIGHUP, as 'contour-node reload', reads the configuration again. SIGTERM ends it after the running job, at the latest after 30 s; then the job goes
back to the queue.

Examples:
  contour-node worker --config /etc/contour-node.yaml
  contour-node worker --queues deliver
  contour-node worker --queues contour --engine tensorflow --device gpu
  contour-node worker --node https://contour.clinic-a.example:8443 --token-file clinic-a.token`;

const patienceSeconds = 30;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      config: { type: 'string' },
      queues: { type: 'string', default: queueKinds.join() },
      node: { type: 'string' },
      'token-file': { type: 'string' },
      engine: { type: 'string' },
      device: { type: 'string' },
      precision: { type: 'string' },
    },
  });
  const queues = values.queues.split(',').map(queueKind);
  const file = configFile(values.config);
  const load = async (): Promise<LoadedConfig> => {
    const loaded = await loadConfig(file);
    return { ...loaded, config: withNodes(withEngine(loaded.config, values), values.node, values['token-file']) };
  };
  const { config } = await load();
  const log = createLog(config, 'worker');
  const worker =
    config.worker.nodes.length > 0
      ? await startRemoteWorker(config, { log })
      : startWorker(config, { queues, address: await redisAddress(config), log, load });
  await runService({ log, reload: () => worker.reload(load), stop: () => worker.close(patienceSeconds) });
}

function queueKind(text: string): QueueKind {
  const found = queueKinds.find((kind) => kind === text.trim());
  if (found === undefined)
    throw new ContourNodeError('USAGE', `--queues: '${text}' is none of ${queueKinds.join(', ')}`);
  return found;
}
