import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { workResultSchema } from '../../src/work/work-result.ts';
import type { NewEvent } from '../../src/store/events.ts';
import { journalFile, orderFolder } from '../../src/work/paths.ts';

export const deliveredSeries = { key: '00112233445566aa', order: '00112233445566bb', sopInstanceUid: '2.25.4711' };

/**
 * One series in a data directory whose structure set destination `tps` has taken, and is to be asked for storage
 * commitment of.
 *
 * @param deadlineAt ISO time by which the result is awaited
 */
export function writeDeliveredSeries(dataDirectory: string, deadlineAt: string, now = Date.now()): void {
  const { key, order, sopInstanceUid } = deliveredSeries;
  const profile = '00112233445566cc';
  const rois = [{ name: 'GTVp', found: true, delivered: true, volumeCm3: 9, slices: 9, contours: 9, components: 1 }];
  const events: NewEvent[] = [
    { kind: 'association', association: 'a', callingAe: 'CT', calledAe: 'CONTOUR', address: '127.0.0.1' },
    { kind: 'association ended', association: 'a', how: 'released', images: 12, unconfirmed: [] },
    { kind: 'revision', revision: 1, files: [], warnings: [] },
    {
      kind: 'ordered',
      revision: 1,
      route: 'all',
      priority: 'normal',
      orders: [
        { order, bundle: { name: 'phantom-gtvp', version: '1.0.0' }, deliveries: [{ destination: 'tps', profile }] },
      ],
      problems: [],
      superseded: [],
    },
    { kind: 'contour try', order, try: 1 },
    { kind: 'result', order, status: 'contoured', profiles: [profile], rois, timings: [], warnings: [] },
    { kind: 'deliver try', order, destination: 'tps', try: 1, deadlineAt },
    {
      kind: 'deliver outcome',
      order,
      destination: 'tps',
      try: 1,
      outcome: 'delivered',
      next: 'delivered',
      reported: true,
      alarmed: false,
      status: 0,
      commitmentDeadlineAt: deadlineAt,
    },
  ];
  const at = new Date(now).toISOString();
  write(join(dataDirectory, journalFile(key)), events.map((event) => `${JSON.stringify({ ...event, at })}\n`).join(''));
  const result = workResultSchema.parse({
    formatVersion: 1,
    status: 'contoured',
    rois,
    structureSets: [{ profile, sopInstanceUid, seriesInstanceUid: '2.25.4712', files: {} }],
    warnings: [],
    timings: [],
    peakResidentMegabytes: 100,
  });
  write(join(dataDirectory, orderFolder(key, 1, order), 'result.json'), JSON.stringify(result));
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
