/** The child of bench/worklist.ts: a store and its pages in a process of their own, so that its memory is the node's. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { httpSchema } from '../src/config/http-schema.ts';
import { configSchema } from '../src/config/schema.ts';
import { startHttpServer } from '../src/http/server.ts';
import { createLog } from '../src/log.ts';
import { Store } from '../src/store/store.ts';
import { databaseFile } from '../src/work/paths.ts';

const [dataDirectory = '', imagesOfSeries = '0'] = process.argv.slice(2);
const log = createLog({ logging: { level: 'error' } }, 'bench');
const store = await Store.open({ dataDirectory, log, now: Date.now });
addImages();

const http = await startHttpServer({
  config: () => httpSchema.parse({ port: 0 }),
  wholeConfig: () => configSchema.parse({}),
  series: store,
  dataDirectory,
  identity: () => undefined,
  targets: async () => ({ bundles: [], recipes: [], destinations: [] }),
  node: { aeTitle: 'CONTOUR', dicomPort: 11112 },
  actions: undefined as never,
  queues: { bullQueues: () => [] } as never,
  quality: () => [],
  unmatched: { list: () => [], remove: async () => undefined },
  unmatchedDays: () => 30,
  metrics: { contentType: 'text/plain', text: async () => '' },
  audit: undefined as never,
  problems: async () => [],
  notices: () => [],
  log,
});
process.on('message', (message) => {
  if (message === 'touch') store.record(store.keys()[0]!, { kind: 'released' });
  if (message === 'end') {
    void http.close().then(() => process.exit(0));
    return;
  }
  globalThis.gc?.();
  process.send!({ url: http.url, ...usage() });
});
process.send!({ url: http.url, ...usage() });

function usage(): { residentMegabytes: number; cpuSeconds: number } {
  const { user, system } = process.cpuUsage();
  return { residentMegabytes: process.memoryUsage().rss / 2 ** 20, cpuSeconds: (user + system) / 1e6 };
}

/** Rows of the images as the store keeps them, without their files: they make the tables as large as in a clinic. */
function addImages(): void {
  const image = JSON.stringify({ header: 'x'.repeat(1500) });
  const database = new DatabaseSync(join(dataDirectory, databaseFile));
  const insert = database.prepare('INSERT INTO instances VALUES (?, ?, 1, ?, ?, ?)');
  database.exec('BEGIN');
  for (const series of store.keys()) {
    const { updatedAt } = store.get(series)!;
    for (let n = 0; n < Number(imagesOfSeries); n++) {
      const instance = String(n).padStart(16, '0');
      insert.run(series, instance, `${instance}.dcm`, updatedAt, image);
    }
  }
  database.exec('COMMIT');
  database.close();
}
