/** The child of bench/worklist.ts: a store and its pages in a process of their own, so that its memory is the node's. */
import { configSchema } from '../src/config/schema.ts';
import { startHttpServer } from '../src/http/server.ts';
import { createLog } from '../src/log.ts';
import { identifiersIn, NodeAudit } from '../src/observe/audit/node-audit.ts';
import { shownPatient } from '../src/store/shown-patient.ts';
import { Store } from '../src/store/store.ts';
import { addImages } from '../test/support/many-series.ts';

const [dataDirectory = '', imagesOfSeries = '0'] = process.argv.slice(2);
const log = createLog({ logging: { level: 'error' } }, 'bench');
const store = await Store.open({ dataDirectory, log, now: Date.now });
addImages(dataDirectory, store.keys(), Number(imagesOfSeries));
const config = configSchema.parse({ dataDirectory, http: { port: 0, showIdentity: 'always' } });
const audit = new NodeAudit(config, { now: Date.now, log, identifiers: identifiersIn(store) });

const http = await startHttpServer({
  config: () => config.http,
  wholeConfig: () => config,
  series: store,
  dataDirectory,
  patient: (series) => shownPatient(store, [], series),
  targets: async () => ({ bundles: [], recipes: [], destinations: [] }),
  node: { aeTitle: 'CONTOUR', dicomPort: 11112 },
  actions: undefined as never,
  queues: { bullQueues: () => [], onEvent: () => {} } as never,
  quality: () => [],
  progress: { of: () => undefined, onChange: () => () => {} },
  unmatched: { list: () => [], remove: async () => undefined },
  unmatchedDays: () => 30,
  metrics: { contentType: 'text/plain', text: async () => '' },
  audit,
  problems: async () => [],
  notices: async () => [],
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
