import { checkReferences } from '../../src/config/references.ts';
import type { Config } from '../../src/config/schema.ts';
import { workerNodeSchema } from '../../src/config/worker-node-schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords } from '../../src/schema-words.ts';

/**
 * The configuration with the nodes of `--node` in place of those under worker.nodes; one that stands there keeps its entry.
 * @throws ContourNodeError USAGE
 */
export function withNodes(config: Config, urls: string | undefined, tokenFile: string | undefined): Config {
  if (urls === undefined) {
    if (tokenFile !== undefined) throw new ContourNodeError('USAGE', '--token-file goes with --node');
    return config;
  }
  const nodes = urls.split(',').map((text) => {
    const url = text.trim();
    const known = config.worker.nodes.find((node) => node.url === url);
    if (known !== undefined) return known;
    const parsed = workerNodeSchema.safeParse({ url, ...(tokenFile !== undefined && { tokenFile }) }, inWords);
    if (parsed.success) return parsed.data;
    throw new ContourNodeError('USAGE', `--node: '${url}' is no address such as https://contour.clinic.example:8443`);
  });
  const changed = { ...config, worker: { ...config.worker, nodes } };
  for (const { path, message } of checkReferences(changed))
    if (path[1] === 'nodes') throw new ContourNodeError('USAGE', `--node: ${message}`);
  return changed;
}
