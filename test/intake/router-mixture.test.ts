import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { readHeader } from '../../src/dicom/read-data-set.ts';
import { type CtSlice, ctSliceFile, sopInstanceUidOf } from '../support/ct-slice.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { IntakeHarness, range, writeBundleManifest } from './intake-harness.ts';

/** One instance as the router sends it. */
interface Sent {
  readonly bytes: Buffer;
  readonly sopInstanceUid: string;
  readonly status: number;
  /** The storage SCP refuses it by itself and has seen so many bytes of it. */
  readonly scpRefuses?: number;
}

interface Planned {
  readonly kind: string;
  readonly uid: string;
  readonly patientId: string;
  readonly instances: readonly Sent[];
  /** State and code that it ends with. */
  readonly ends: readonly [state: string, code?: string];
  /** Its association carries nothing else, and ends so. */
  readonly alone?: 'released' | 'aborted';
}

const slices = range(1, 11);
const sagittal = [0, 1, 0, 0, 0, -1];

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sent(slice: CtSlice, change: (file: Buffer) => Buffer = (file) => file, status = 0): Sent {
  return { bytes: change(ctSliceFile(slice)), sopInstanceUid: sopInstanceUidOf(slice), status };
}

/** Two bytes more than the header asks for, behind the pixels, which stand last. */
function surplus(file: Buffer): Buffer {
  const longer = Buffer.concat([file, Buffer.alloc(2)]);
  longer.writeUInt32LE(2 * 16 * 16 + 2, longer.length - 2 - 2 * 16 * 16 - 4);
  return longer;
}

const cutOff = (file: Buffer): Buffer => file.subarray(0, file.length - 100);

type Make = (
  base: Omit<CtSlice, 'number'>,
) => Pick<Planned, 'instances' | 'ends' | 'alone'> & { readonly uid?: string };

const all = (base: Omit<CtSlice, 'number'>, changes: (number: number) => Partial<CtSlice> = () => ({})): Sent[] =>
  slices.map((number) => sent({ ...base, number, ...changes(number) }));

/** What a series becomes, by its kind. */
const good: Record<string, Make> = {
  plain: (base) => ({ instances: all(base), ends: ['queued'] }),
  deflated: (base) => ({ instances: all(base, () => ({ encoding: 'deflated' })), ends: ['queued'] }),
  'sent twice': (base) => ({ instances: [...all(base), ...all(base)], ends: ['queued'] }),
  'two spellings': (base) => ({
    instances: all(base, (n) => ({ patient: n % 2 === 0 ? `${base.patient}^` : ` ${base.patient}` })),
    ends: ['queued'],
  }),
  'surplus bytes': (base) => ({
    instances: slices.map((number) => sent({ ...base, number }, surplus)),
    ends: ['queued'],
  }),
  'leading zeros': (base) => {
    const uid = `${base.series}.007`;
    return { uid, instances: all({ ...base, series: uid }), ends: ['queued'] };
  },
  'a foreign picture': (base) => ({
    instances: [...all(base), sent({ ...base, number: 99, orientation: sagittal })],
    ends: ['queued'],
  }),
  'repeats under new UIDs': (base) => ({
    instances: [...all(base), ...all(base, (n) => ({ sopInstanceUid: `${base.series}.9.${n}` }))],
    ends: ['queued'],
  }),
};
const bad: Record<string, Make> = {
  'one image cut off': (base) => ({
    instances: [...all(base), sent({ ...base, number: 12 }, cutOff, 0xc000)],
    ends: ['incomplete', 'SERIES_INCOMPLETE'],
  }),
  'every image cut off': (base) => ({
    instances: slices.map((number) => sent({ ...base, number }, cutOff, 0xc000)),
    ends: ['rejected', 'DICOM_UNREADABLE'],
  }),
  'too long a UID': (base) => {
    const uid = `${base.series}.${'1'.repeat(60)}`;
    const instances = slices.map((number) =>
      sent({ ...base, series: uid, number, sopInstanceUid: `${base.series}.${number}` }, undefined, 0xc000),
    );
    return { uid, instances, ends: ['rejected', 'DICOM_UID'] };
  },
  'refused by the SCP': (base) => ({
    instances: [...all(base), { ...sent({ ...base, number: 12 }, undefined, 0xa700), scpRefuses: 600 }],
    ends: ['incomplete', 'SERIES_INCOMPLETE'],
  }),
  'two patients': (base) => ({
    instances: all(base, (n) => (n > 8 ? { patientId: 'OTHER', patient: 'Other^Patient' } : {})),
    ends: ['rejected', 'SERIES_MIXED_IDENTITY'],
  }),
  'a gap': (base) => ({
    instances: all(base, (n) => ({ z: (n > 5 ? n + 2 : n) * 3 })),
    ends: ['rejected', 'SERIES_MISSING_SLICE'],
  }),
  'fewer than its header says': (base) => ({
    instances: all(base, () => ({ relatedInstances: 12 })),
    ends: ['incomplete', 'SERIES_INCOMPLETE'],
  }),
  projections: (base) => ({
    instances: all(base, () => ({ imageType: 'DERIVED\\SECONDARY\\AXIAL\\CT_SOM5 MIP' })),
    ends: ['rejected', 'SERIES_PROJECTION'],
  }),
  'two acquisitions': (base) => ({
    instances: [
      ...all(base, () => ({ acquisition: 1 })),
      ...all(base, (n) => ({ acquisition: 2, pixelSeed: n + 100, sopInstanceUid: `${base.series}.2.${n}` })),
    ],
    ends: ['rejected', 'SERIES_TWO_ACQUISITIONS'],
  }),
  'a localiser': (base) => ({
    instances: [sent({ ...base, number: 1, imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER', orientation: sagittal })],
    ends: ['nothing to contour', 'SERIES_LOCALISER'],
  }),
  aborted: (base) => ({ instances: all(base), ends: ['incomplete', 'SERIES_INCOMPLETE'], alone: 'aborted' }),
  'an image that nobody can read': (base) => ({
    instances: [...all(base), { bytes: Buffer.from('no DICOM'), sopInstanceUid: `${base.series}.77`, status: 0xc000 }],
    ends: ['incomplete', 'SERIES_INCOMPLETE'],
    alone: 'released',
  }),
};

function plan(seed: number): Planned[] {
  const random = randomFrom(seed);
  const kinds = (of: Record<string, Make>): [string, Make] => {
    const entries = Object.entries(of);
    return entries[Math.floor(random() * entries.length)]!;
  };
  return range(1, 200).map((number) => {
    const patient = 1 + (number % 20);
    const base = {
      series: `1.2.826.20.${seed}.${number}`,
      study: `1.2.826.30.${patient}`,
      patient: `Doe^Patient ${patient}`,
      patientId: `P-${patient}`,
    };
    const [kind, make] = kinds(random() < 0.5 ? good : bad);
    return { kind, uid: base.series, patientId: base.patientId, ...make(base) };
  });
}

for (const seed of [1, 2]) {
  test(`200 series of 20 patients from one router: every good one is ordered, every bad one has its own reason (seed ${seed})`, async (t) => {
    const models = await temporaryFolder(t);
    await writeBundleManifest(models, 'one');
    const bench = await IntakeHarness.open(t, {
      config: {
        intake: { syncToDisk: false },
        models: { directory: models },
        routes: [{ name: 'all', models: ['one'] }],
      },
    });
    const random = randomFrom(seed + 100);
    const series = plan(seed);
    for (let first = 0; first < series.length; first += 20) {
      await sendAtOnce(bench, series.slice(first, first + 20), random);
      await bench.pass(1 + random() * 10);
    }
    for (const _ of range(1, 30)) await bench.pass(20);

    assert.equal(bench.store.keys().length, series.length);
    for (const { kind, uid, patientId, ends } of series) {
      const shown = bench.show(uid);
      assert.deepEqual([shown.state, shown.problem?.code], [ends[0], ends[1]], `${kind}: ${shown.problem?.message}`);
      if (ends[0] !== 'queued') continue;
      assert.equal(shown.revision, 1, kind);
      for (const { file } of bench.store.images(shown.key)) {
        const header = await readHeader(join(bench.dataDirectory, 'series', shown.key, 'instances', file));
        assert.equal(header.string('00100020'), patientId, kind);
      }
    }
  });
}

/** The router spreads its series over six associations, and the images of some over two of them. */
async function sendAtOnce(bench: IntakeHarness, wave: readonly Planned[], random: () => number): Promise<void> {
  const router = { callingAe: 'ROUTER' };
  const shared = range(1, 6).map(() => bench.associate(router));
  const queue = wave.flatMap(({ instances, alone }) => {
    const own = alone === undefined ? undefined : bench.associate(router);
    const two = [0, 1].map(() => own ?? shared[Math.floor(random() * shared.length)]!);
    return instances.map((instance, index) => ({
      instance,
      // Where it has an association of its own, what cannot be read comes last.
      order: own === undefined ? random() : index,
      association: two[Math.floor(random() * 2)]!,
      ends: index === instances.length - 1 ? alone : undefined,
    }));
  });
  for (const { instance, association, ends } of queue.toSorted((a, b) => a.order - b.order)) {
    const { bytes, sopInstanceUid, status, scpRefuses } = instance;
    if (scpRefuses === undefined) {
      assert.equal(await bench.sendBytes(association, bytes, { sopInstanceUid }), status);
    } else {
      const head = bytes.subarray(0, scpRefuses);
      bench.intake.scp.onRefused(association, { sopClassUid: ctImageStorage, sopInstanceUid, head }, status);
    }
    if (ends !== undefined) bench.assembly.ended(association, ends);
  }
  for (const association of shared) bench.assembly.ended(association, 'released');
}
