import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { CtHeader } from '../../src/dicom/ct-header.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { JournalEvent } from '../../src/store/events.ts';
import { databaseFile, journalFile } from '../../src/work/paths.ts';
import { problemFrom } from '../../src/problem.ts';

type Step = Record<string, unknown> & { readonly kind: JournalEvent['kind']; readonly after: number };

const refused = problemFrom(new ContourNodeError('STORE_REFUSED', 'PINNACLE answered 0xA900 (does not match)'));
const gap = problemFrom(
  new ContourNodeError('SERIES_MISSING_SLICE', 'gap of 10.0 mm between slices 12 and 13, expected 5.0 mm'),
);
const broken = problemFrom(
  new ContourNodeError('SET_ASIDE', '3 tries failed; the last one: ENGINE_FAILED: out of memory'),
);

/**
 * Journals of many series in a data directory, a minute apart, the last one at `now`: most are delivered, some are on
 * their way or failed in one of the ways that a clinic sees.
 */
export function writeManySeries(dataDirectory: string, count: number, now: number): void {
  for (let index = 0; index < count; index++) {
    const series = (0x1000_0000_0000 + index * 0x9e37_79b1).toString(16).padStart(16, '0').slice(-16);
    let at = now - (count - index) * 60_000;
    const lines = storyOf(index).map(({ after, ...event }) => {
      at += after * 1000;
      return JSON.stringify({ ...event, at: new Date(at).toISOString() });
    });
    const path = join(dataDirectory, journalFile(series));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${lines.join('\n')}\n`);
  }
}

/**
 * Rows of the images of these series as the store keeps them, without their files: with a patient each, and as large as in
 * a clinic. The store has to have made its tables.
 */
export function addImages(dataDirectory: string, series: readonly string[], imagesOfSeries: number): void {
  const database = new DatabaseSync(join(dataDirectory, databaseFile));
  const insert = database.prepare('INSERT INTO instances VALUES (?, ?, 1, ?, ?, ?)');
  database.exec('BEGIN');
  for (const [index, key] of series.entries()) {
    const image = JSON.stringify({ ...patientOf(index), header: 'x'.repeat(1500) });
    for (let n = 0; n < imagesOfSeries; n++) {
      const instance = String(n).padStart(16, '0');
      insert.run(key, instance, `${instance}.dcm`, '2026-01-02T10:11:12.000Z', image);
    }
  }
  database.exec('COMMIT');
  database.close();
}

const patientNames = [
  'Wang^XiaoDong=王^小东',
  'Müller^Anna-Katharina',
  'Li^Na=李^娜',
  'Ouyang^ZhenHua=欧阳^振华',
  'Papadopoulou-Stavridou^Konstantina Eleftheria',
];

function patientOf(index: number): Pick<CtHeader, 'identity' | 'study'> {
  const hex = (text: string): string => Buffer.from(text).toString('hex');
  const characterSet = 'ISO_IR 192';
  return {
    identity: {
      patientId: hex(String(1_000_000 + index * 37)),
      name: hex(patientNames[index % patientNames.length]!),
      birthDate: hex('19610412'),
      sex: hex('M'),
      characterSet,
    },
    study: {
      description: hex(index % 2 === 0 ? '鼻咽癌 放疗定位' : 'RT planning head and neck'),
      characterSet,
      date: '20261103',
    },
  };
}

function storyOf(index: number): Step[] {
  const order = (0xabc0_0000 + index).toString(16).padStart(16, '0');
  const profile = '0011223344556677';
  const destination = index % 3 === 0 ? 'eclipse' : 'pinnacle';
  const bundle = { name: index % 4 === 0 ? 'phantom-gtvp' : 'openkbp-head-neck', version: '0.1.0' };
  const caller = [
    { callingAe: 'CT-SIM', address: '10.0.0.5', peer: 'ct-sim' },
    { callingAe: 'PINNACLE', address: '10.0.0.7', peer: 'pinnacle' },
    { callingAe: 'STUDY-PC', address: '10.0.3.21' },
  ][index % 3];
  const files = Array.from({ length: 4 }, (_, n) => `${String(n).padStart(16, '0')}.dcm`);
  const arrived: Step[] = [
    { kind: 'association', after: 0, association: 'a', calledAe: 'CONTOUR', ...caller },
    { kind: 'association ended', after: 6, association: 'a', how: 'released', images: 120, unconfirmed: [] },
  ];
  if (index % 41 === 3) return [...arrived, { kind: 'rejected', after: 20, files, problem: gap }];
  const warnings = index % 5 === 0 ? [{ code: 'COUNT_NOT_CONFIRMED', text: 'count not confirmed' }] : [];
  const ordered: Step[] = [
    ...arrived,
    { kind: 'revision', after: 20, revision: 1, files, warnings },
    {
      kind: 'ordered',
      after: 0.1,
      revision: 1,
      route: 'head-and-neck',
      priority: 'normal',
      orders: [{ order, bundle, deliveries: [{ destination, profile }] }],
      problems: [],
      superseded: [],
    },
    { kind: 'contour try', after: 0.1, order, try: 1 },
    { kind: 'contour started', after: 0.4, order, try: 1 },
  ];
  if (index % 53 === 7) return [...ordered, { kind: 'set aside', after: 40, order, problem: broken }];
  if (index % 29 === 11) return ordered;
  const roi = { found: true, delivered: true, slices: 30, contours: 31, components: 1 };
  const drawn: Step[] = [
    ...ordered,
    {
      kind: 'result',
      after: 7.6,
      order,
      profiles: [profile],
      status: 'contoured',
      rois: [{ name: 'Mandible', volumeCm3: 61.2, ...roi }],
      timings: [{ stage: 'inference', seconds: 2.1 }],
      warnings: index % 7 === 0 ? [{ code: 'TOUCHES_END', text: 'SpinalCord touches the end of the scan' }] : [],
    },
    { kind: 'deliver try', after: 0.1, order, destination, try: 1, deadlineAt: new Date(4e12).toISOString() },
  ];
  const failed = index % 23 === 5;
  const outcome = failed
    ? { outcome: 'failed', next: 'failed', alarmed: false, status: 0xa900, problem: refused }
    : { outcome: 'delivered', next: 'delivered', alarmed: index % 97 === 0, status: 0 };
  return [...drawn, { kind: 'deliver outcome', after: 0.4, order, destination, try: 1, reported: true, ...outcome }];
}
