import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PickyTps, startPickyTps } from '../../worker/demo/picky-tps.ts';
import type { Cleanup } from './cleanup.ts';
import { runProgram } from './run-program.ts';
import { type RunningNode, startRunningNode } from './running-node.ts';

export interface NodeWithTps {
  readonly node: RunningNode;
  readonly tps: PickyTps;
  /** For files of the test. */
  readonly folder: string;
  /** Sends CT files to the node with DCMTK's storescu. */
  readonly send: (files: readonly string[]) => Promise<void>;
}

/**
 * A running node that draws every CT with phantom-gtvp and delivers to a picky TPS.
 *
 * @param ct folder of the only CT that the TPS knows; without it, it takes a structure set of any
 * @param route further keys of its one route
 */
export async function startNodeWithTps(
  t: Cleanup,
  ct?: string,
  { route = {}, http = {} }: { route?: object; http?: object } = {},
): Promise<NodeWithTps> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-tps-'));
  const tps = await startPickyTps({ directory: join(folder, 'tps'), ...(ct !== undefined && { ct }) });
  t.after(async () => {
    await tps.close();
    await rm(folder, { recursive: true });
  });
  const node = await startRunningNode(t, {
    peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: '127.0.0.1', port: tps.port }],
    destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'] }],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'], ...route }],
    http,
  });
  return {
    node,
    tps,
    folder,
    send: async (files) => {
      const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...files]);
      assert.equal(sent.code, 0, sent.stderr);
    },
  };
}
