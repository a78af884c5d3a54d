import type { Elements } from '../../dicom/generated-ct.ts';
import { organ } from '../../support/clinic-ct.ts';
import { type PlannedSeries, type Random, randomFrom, SeriesDraft, slicesOfSeries } from './planned-series.ts';
import { unusable } from './unusable-series.ts';
import { type Make, usable } from './usable-series.ts';

/** Seed of the mixtures: that of the environment, to look for more, else the test's own. */
export function mixtureSeed(own: number): number {
  return Number(process.env['CONTOUR_NODE_MIXTURE_SEED'] ?? own);
}

const patients = 20;

/** Series of 20 patients, of every kind as often as of every other. */
export function planMixture(seed: number, count: number): PlannedSeries[] {
  const random = randomFrom(seed);
  const kinds = { ...usable, ...unusable };
  const deck: string[] = [];
  while (deck.length < count) deck.push(...shuffled(Object.keys(kinds), random));
  return deck.slice(0, count).map((kind, index) => planned(kind, kinds[kind]!, index + 1, seed, random));
}

function planned(kind: string, make: Make, number: number, seed: number, random: Random): PlannedSeries {
  const patient = 1 + (number % patients);
  const uids = `1.2.826.20.${seed}.${number}`;
  // Every third patient has a name beyond ASCII.
  const name = Buffer.from(patient % 3 === 0 ? `M\xfcller^Patient ${patient}` : `Doe^Patient ${patient}`, 'latin1');
  const id = `P-${patient}`;
  const elements: Elements = {
    '00100010': ['PN', Buffer.concat([name, Buffer.alloc(name.length % 2, ' ')])],
    '00100020': ['LO', id],
    '0020000d': ['UI', `1.2.826.30.${seed}.${patient}`],
  };
  const [x, y] = organ.centre;
  const organAt = [x - 16 + random() * 16, y - 12 + random() * 24] as const;
  const made = make(new SeriesDraft(uids, elements, organAt, random));
  return {
    kind,
    uid: `${uids}.2`,
    organAt,
    ends: 'contoured',
    slices: Array.from({ length: slicesOfSeries }, (_, k) => `${uids}.4.${k + 1}`),
    ...made,
    patient: {
      names: made.patient === undefined || made.patient.names.length === 0 ? [name] : made.patient.names,
      ids: made.patient?.ids ?? [id],
    },
  };
}

export function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
