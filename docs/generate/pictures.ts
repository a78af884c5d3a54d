/**
 * `node docs/generate/pictures.ts`: makes the pictures of the documents from the running product: node, worker, a stand-in
 * TPS, Debian's Chromium. The CT is a real one, an OpenKBP patient, where `../shared/data` is there, else the phantom;
 * names, and the figures of the quality page, are made up.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { findInstances } from '../../src/dimse/scu/find-instances.ts';
import { storeInstances } from '../../src/dimse/scu/storage-scu.ts';
import { qualityFile } from '../../src/work/paths.ts';
import { startPickyTps } from '../../worker/demo/picky-tps.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { writeCtSlice } from '../../worker/phantom/write-ct.ts';
import type { Volume } from '../../worker/volume/volume.ts';
import { nodeOverHttp } from '../../test/http/running-http.ts';
import { workerAtQueue } from '../../test/jobs/worker-at-queue.ts';
import { CleanupList } from '../../test/support/cleanup.ts';
import { editedStructureSet } from '../../test/support/edited-structure-set.ts';
import { eventually } from '../../test/support/eventually.ts';
import { freePort } from '../../test/support/free-port.ts';
import { openKbpCt } from '../../test/support/openkbp.ts';
import { startRunningNode } from '../../test/support/running-node.ts';
import { sharedData } from '../../test/support/shared-data.ts';
import { temporaryFolder } from '../../test/support/threshold-bundle.ts';

const out = fileURLToPath(new URL('../pictures/', import.meta.url));
const patient = 'openkbp/validation/pt_201.npz';
const scan = { size: 128, slices: 60 };

await mkdir(out, { recursive: true });
const cleanup = new CleanupList();
try {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  cleanup.after(() => browser.close());
  await clinic(browser);
  await quality(browser);
} finally {
  await cleanup.run();
}

/** Worklist with what goes wrong, viewer with a correction, contact sheet. */
async function clinic(browser: Browser): Promise<void> {
  const folder = await temporaryFolder(cleanup);
  const tps = await startPickyTps({ directory: join(folder, 'tps') });
  cleanup.after(() => tps.close());
  const tpsPeer = {
    name: 'pinnacle',
    aeTitle: tps.aeTitle,
    host: '127.0.0.1',
    port: tps.port,
    addresses: ['127.0.0.1'],
  };
  const scanner = (name: string, aeTitle: string): object => ({ name, aeTitle, addresses: ['127.0.0.1'] });
  const node = await startRunningNode(cleanup, {
    http: { showIdentity: 'always' },
    peers: [
      tpsPeer,
      { name: 'eclipse', aeTitle: 'ECLIPSE', host: '127.0.0.1', port: await freePort() },
      scanner('ct-sim', 'CT_SIM'),
      scanner('ct-2', 'CT_2'),
      scanner('ct-3', 'CT_3'),
    ],
    destinations: [
      { name: 'pinnacle', peer: 'pinnacle', allow: ['research', 'demonstration'] },
      { name: 'eclipse', peer: 'eclipse', allow: ['research', 'demonstration'], retrySeconds: 600, timeoutSeconds: 3 },
    ],
    routes: [
      {
        name: 'head-and-neck',
        when: { callingAe: 'CT_SIM' },
        models: ['openkbp-head-neck'],
        destinations: ['pinnacle'],
      },
      { name: 'second-room', when: { callingAe: 'CT_2' }, models: ['phantom-gtvp'], destinations: ['eclipse'] },
    ],
  });
  const send = async (ct: string, callingAe: string, without: readonly number[] = []): Promise<void> => {
    const { instances } = await findInstances([ct]);
    const kept = instances.filter((_, n) => !without.includes(n));
    const peer = { aeTitle: 'CONTOUR', host: '127.0.0.1', port: node.dicomPort };
    await storeInstances(peer, kept, { callingAe, timeoutSeconds: 60 });
  };
  const phantom = (number: number, name: string): Promise<string> =>
    writeSeries(join(folder, name), number, name, generatePhantom(500 + number, scan).volume);
  await send(await phantom(1, 'Li^Na'), 'CT_2');
  await send(await phantom(2, 'Mueller^Anna'), 'CT_SIM', [20, 21]);
  await send(await phantom(3, 'Rossi^Marco'), 'CT_3');
  await send(await writeSeries(join(folder, 'real'), 0, 'Wang^XiaoDong', await realVolume()), 'CT_SIM');
  await node.settled(4, ['delivered', 'delivering', 'rejected', 'unrouted'], 240);
  const delivered = await eventually('one is delivered', 60, async () =>
    (await node.list()).find(({ state }) => state === 'delivered'),
  );

  const url = `http://127.0.0.1:${node.httpPort}`;
  for (const [locale, name] of [
    ['en', 'worklist'],
    ['zh-CN', 'worklist-zh-CN'],
  ] as const) {
    const page = await browser.newPage({ locale, viewport: { width: 1280, height: 520 } });
    await page.goto(url);
    await page.locator('tr', { hasText: 'Mueller' }).locator('button').click();
    await shoot(page, name);
  }
  if (sharedData(patient) === undefined)
    return console.log('../shared/data is not there: pictures of a CT stay as they are');
  const { orders } = await node.show(delivered.key);
  const sheet = await fetch(`${url}/series/${delivered.key}/orders/${orders[0]!.order}/preview.png`);
  await writeFile(join(out, '../models/openkbp-head-neck-ct.png'), Buffer.from(await sheet.arrayBuffer()));

  const corrected = join(folder, 'corrected.dcm');
  const move = { roi: /Parotid_L|GTVp/, x: 4, y: 3 };
  const edit = { sopInstanceUid: '1.2.826.0.1.3680043.10.1', approval: 'APPROVED', move };
  await writeFile(corrected, editedStructureSet(await readFile(tps.imported[0]!.path), edit));
  await send(corrected, tps.aeTitle);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${url}/series/${delivered.key}`);
  await page.locator('#corrections').getByText('counts', { exact: true }).first().waitFor({ timeout: 120_000 });
  await page.locator('[data-viewer][data-ready-ms]').waitFor();
  await page.locator('[data-roi-list] button', { hasText: move.roi }).first().click();
  await page.locator('[data-viewer]').scrollIntoViewIfNeeded();
  await shoot(page, 'viewer-corrections', '[data-viewer]');
}

/** Half a year of made-up corrections, the last weeks lower. */
async function quality(browser: Browser): Promise<void> {
  const { node, redis } = await nodeOverHttp(cleanup, {}, { prepare: writeCorrections });
  workerAtQueue(cleanup, redis.address);
  await eventually('nothing is wrong', 20, async () =>
    (await fetch(`${node.httpUrl}/health/ready`)).ok ? true : undefined,
  );
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${node.httpUrl}/quality`);
  await page.locator('.chart svg').first().waitFor();
  await shoot(page, 'quality');
}

function writeCorrections(dataDirectory: string): void {
  for (let n = 0; n < 32; n++) {
    const series = (0x5000_0000_0000 + n).toString(16).padStart(16, '0');
    const fall = n < 25 ? 0 : (n - 24) * 0.012;
    const value = (name: string, usual: number): object => ({
      structureSet: series,
      bundle: { name: 'openkbp-head-neck', version: '0.3.0' },
      receivedAt: new Date(Date.UTC(2026, 4, 4 + n * 5)).toISOString(),
      countedBy: 'approved',
      sender: 'pinnacle',
      roi: {
        name,
        state: 'compared',
        dsc: usual + 0.02 * Math.sin(n * 2.4) - fall,
        hd95: 4 + 40 * fall,
        proposedCm3: 28,
        correctedCm3: 29,
      },
    });
    const path = join(dataDirectory, qualityFile(series));
    mkdirSync(join(path, '..'), { recursive: true });
    const values = [value('Parotid_L', 0.91), value('Parotid_R', 0.92), value('Mandible', 0.95)];
    writeFileSync(path, JSON.stringify({ formatVersion: 1, values }));
  }
}

async function shoot(page: Page, name: string, selector?: string): Promise<void> {
  // Fonts and the moments in the reader's time zone.
  await page.waitForLoadState('networkidle').catch(() => undefined);
  const path = join(out, `${name}.png`);
  await (selector === undefined ? page.screenshot({ path }) : page.locator(selector).screenshot({ path }));
  console.log(path);
}

/** An OpenKBP patient; without `../shared` a phantom. */
async function realVolume(): Promise<Volume> {
  const file = sharedData(patient);
  return file === undefined ? generatePhantom(500, scan).volume : openKbpCt(file);
}

/** A CT series of a made-up patient; returns its folder. */
async function writeSeries(folder: string, number: number, patientName: string, volume: Volume): Promise<string> {
  const uid = (part: string): string => `1.2.826.0.1.3680043.10.2.${number}.${part}`;
  await mkdir(folder);
  for (let k = 0; k < volume.grid.z.length; k++) {
    const slice = writeCtSlice(volume, k, {
      patientName,
      patientId: String(1_001_480 + number * 37),
      studyDescription: 'RT planning head and neck',
      studyInstanceUid: uid('1'),
      seriesInstanceUid: uid('2'),
      frameOfReferenceUid: uid('3'),
      date: '20261103',
      time: '081500',
      patientPosition: 'HFS',
      sopInstanceUid: (n) => uid(`4.${n + 1}`),
    });
    await writeFile(join(folder, `${String(k).padStart(4, '0')}.dcm`), slice);
  }
  return folder;
}
