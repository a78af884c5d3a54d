/**
 * `node bench/viewer.ts [--slices 150] [--rounds 7] [--cornerstone FOLDER]`: how long the series page takes from the click
 * to its three planes, for a phantom CT of 512×512. With the folder where `npm install @cornerstonejs/core esbuild events
 * url` was run, also how long a page of cornerstone3D takes for the same grey values.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { findInstances } from '../src/dimse/scu/find-instances.ts';
import { storeInstances } from '../src/dimse/scu/storage-scu.ts';
import { pictureIndexFile, pictureIndexSchema, picturePlanesFile } from '../src/work/picture-files.ts';
import { CleanupList } from '../test/support/cleanup.ts';
import { startRunningNode } from '../test/support/running-node.ts';
import { writePhantom } from '../worker/phantom/write-phantom.ts';

const { values } = parseArgs({
  options: {
    slices: { type: 'string', default: '150' },
    rounds: { type: 'string', default: '7' },
    cornerstone: { type: 'string' },
  },
});
const cleanup = new CleanupList();

interface Opening {
  readonly milliseconds: number;
  readonly transferred: number;
}

/** Opens the address in a browser with an empty cache. @param ready expression for the milliseconds until it is ready */
async function open(browser: Browser, address: string, ready: string): Promise<Opening> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, bypassCSP: true });
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(error.message));
  await page.goto(address, { waitUntil: 'commit' });
  const milliseconds = Number(await (await page.waitForFunction(ready, undefined, { timeout: 60_000 })).jsonValue());
  const transferred = Number(
    await page.evaluate('performance.getEntries().reduce((sum, one) => sum + (one.transferSize ?? 0), 0)'),
  );
  await context.close();
  return { milliseconds, transferred };
}

async function measure(browser: Browser, name: string, address: string, ready: string): Promise<void> {
  const openings: Opening[] = [];
  for (let round = 0; round < Number(values.rounds); round++) openings.push(await open(browser, address, ready));
  const sorted = openings.map(({ milliseconds }) => Math.round(milliseconds)).toSorted((a, b) => a - b);
  const megabytes = (openings[0]!.transferred / 1e6).toFixed(2);
  console.log(
    `${name}: median ${sorted[sorted.length >> 1]} ms (${sorted[0]} to ${sorted.at(-1)}), ${megabytes} MB transferred`,
  );
}

const folder = await mkdtemp(join(tmpdir(), 'contour-node-viewer-'));
cleanup.after(() => rm(folder, { recursive: true }));
try {
  await writePhantom(folder, 7, { size: 512, slices: Number(values.slices) });
  const node = await startRunningNode(cleanup, { routes: [{ name: 'all', models: ['phantom-gtvp'] }] });
  const { instances } = await findInstances([join(folder, 'ct')]);
  const peer = { aeTitle: 'CONTOUR', host: '127.0.0.1', port: node.dicomPort };
  await storeInstances(peer, instances, { callingAe: 'BENCH', timeoutSeconds: 60 });
  const [series] = await node.settled(1, ['contoured'], 300);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  cleanup.after(() => browser.close());
  const page = `http://127.0.0.1:${node.httpPort}/series/${series!.key}`;
  console.log(`${values.slices} slices of 512×512, ${values.rounds} openings, nothing in the browser's cache`);
  await measure(browser, 'series page', page, "document.querySelector('[data-ready-ms]') && performance.now()");

  if (values.cornerstone !== undefined) {
    const order = join(node.dataDirectory, (await node.show(series!.key)).orders[0]!.folder);
    const server = await cornerstoneServer(values.cornerstone, order);
    cleanup.after(async () => void server.close());
    const { port } = server.address() as AddressInfo;
    await measure(browser, 'cornerstone3D', `http://127.0.0.1:${port}/`, 'window.readyMs');
  }
} finally {
  await cleanup.run();
}

/** Serves the grey values of the axial planes as one volume, and a page that shows them by cornerstone3D. */
async function cornerstoneServer(modules: string, order: string) {
  const index = pictureIndexSchema.parse(JSON.parse(await readFile(join(order, pictureIndexFile), 'utf8')));
  const packed = await readFile(join(order, picturePlanesFile('axial')));
  const { width, height, positions, chunks } = index.planes.axial;
  const volume = Buffer.concat(chunks.map(([offset, length]) => gunzipSync(packed.subarray(offset, offset + length))));
  const sliceMm = positions[1]! - positions[0]!;
  const about = { width, height, slices: positions.length, pixelMm: index.pixelMm, sliceMm };
  const [entry, bundle] = ['page.js', 'page.bundle.js'].map((name) => join(modules, name)) as [string, string];
  await copyFile(new URL('cornerstone-page.js', import.meta.url), entry);
  const esbuild = join(modules, 'node_modules/@esbuild', `linux-${process.arch}`, 'bin/esbuild');
  const options = ['--bundle', '--minify', '--format=esm', '--define:global=globalThis', `--outfile=${bundle}`];
  await promisify(execFile)(esbuild, [entry, ...options], { cwd: modules });
  const script = await readFile(bundle);
  console.log(`cornerstone3D's page: ${script.length} bytes of script, ${gzipSync(script).length} compressed`);
  const style = 'div { width: 440px; height: 440px; float: left }';
  const divs = '<div id="axial"></div><div id="coronal"></div><div id="sagittal"></div>';
  const html = `<!doctype html><style>${style}</style>${divs}<script type="module" src="/page.js"></script>`;
  const files: Record<string, readonly [string, Buffer]> = {
    '/': ['text/html', gzipSync(html)],
    '/page.js': ['text/javascript', gzipSync(script)],
    '/volume.json': ['application/json', gzipSync(JSON.stringify(about))],
    '/volume.bin': ['application/octet-stream', gzipSync(volume, { level: 2 })],
  };
  const server = createServer(({ url = '' }, response) => {
    const [type, content] = files[url] ?? [];
    if (type === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' }).end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
