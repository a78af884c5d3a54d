/**
 * `node bench/worklist.ts [--series 5000] [--images 40] [--keep]`: how fast the worklist answers with that many series in
 * the store, with names and the search by name, and how the node's memory changes. `--keep` keeps it running for a look at
 * the pages.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeManySeries } from '../test/support/many-series.ts';

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '5000' },
    images: { type: 'string', default: '40' },
    keep: { type: 'boolean', default: false },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'contour-node-worklist-'));
writeManySeries(folder, Number(values.series), Date.now());
const child = fork(fileURLToPath(new URL('worklist-server.ts', import.meta.url)), [folder, values.images], {
  execArgv: ['--expose-gc'],
});

interface Answer {
  readonly url: string;
  readonly residentMegabytes: number;
  readonly cpuSeconds: number;
}

async function ask(message: string): Promise<Answer> {
  const answer = once(child, 'message') as Promise<[Answer]>;
  child.send(message);
  return (await answer)[0];
}

const [{ url }] = (await once(child, 'message')) as [Answer];
const queries = [
  '/',
  '/?group=attention',
  '/?search=pinnacle',
  '/?bundle=phantom-gtvp&days=2',
  '/?page=90',
  '/?search=no+such',
  `/?search=${encodeURIComponent('小东')}`,
  '/?search=10370',
];
const listening = new AbortController();
const listeners = await Promise.all(
  Array.from({ length: 20 }, () => fetch(`${url}/events`, { signal: listening.signal })),
);
for (const { body } of listeners) void body?.pipeTo(new WritableStream()).catch(() => undefined);

const before = await ask('memory');
const memory = [before.residentMegabytes];
let cpuSeconds = 0;
const times = new Map<string, number[]>(queries.map((query) => [query, []]));
const rounds = 60;
for (let round = 0; round < rounds; round++) {
  for (const query of queries) {
    const start = performance.now();
    const page = await (await fetch(url + query, { headers: { accept: 'text/html' } })).text();
    times.get(query)!.push(performance.now() - start);
    if (!page.includes('</html>') || (query.includes('%E5') && !page.includes('王 小东')))
      throw new Error(`${query}: no page`);
  }
  const { residentMegabytes, ...cpu } = await ask('touch');
  cpuSeconds = cpu.cpuSeconds - before.cpuSeconds;
  if (round % 12 === 11) memory.push(residentMegabytes);
}
console.log(`${values.series} series, ${values.images} images each, 20 pages listening`);
console.table(
  Object.fromEntries(
    [...times].map(([query, all]) => {
      const sorted = all.toSorted((a, b) => a - b);
      const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)]!);
      return [query, { 'median ms': at(0.5), '95 % ms': at(0.95), 'slowest ms': at(1) }];
    }),
  ),
);
const pages = rounds * queries.length;
console.log(`processor time of the node: ${((cpuSeconds / pages) * 1000).toFixed(0)} ms a page`);
console.log(`resident memory after 0, 96, … 480 pages: ${memory.map((one) => `${one.toFixed(0)} MB`).join(', ')}`);
if (values.keep) {
  console.log(url);
  await once(process, 'SIGINT');
}
listening.abort();
child.send('end');
await once(child, 'exit');
await rm(folder, { recursive: true });
