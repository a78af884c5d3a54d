import {
  deflatedExplicitVrLittleEndian,
  explicitVrBigEndian,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
} from '../../../src/dicom/transfer-syntax.ts';
import type { Elements } from '../../dicom/generated-ct.ts';
import { brokenElements, withBytes } from '../../support/broken-elements.ts';
import { clinicPixelMm } from '../../support/clinic-ct.ts';
import { otherPixels, type PlannedSeries, type SentInstance, type SeriesDraft, withSurplus } from './planned-series.ts';

export type Make = (
  draft: SeriesDraft,
) => Pick<PlannedSeries, 'instances' | 'alone' | 'later'> &
  Partial<Pick<PlannedSeries, 'patient' | 'ends' | 'slices' | 'uid'>>;

const syntaxes = [
  implicitVrLittleEndian,
  explicitVrLittleEndian,
  explicitVrBigEndian,
  deflatedExplicitVrLittleEndian,
] as const;

const type = (value: string): Elements => ({ '00080008': ['CS', value] });
const acquisition = (number: number): Elements => ({ '00200012': ['IS', String(number)] });
const underNewUids = (draft: SeriesDraft, k: number): Elements => ({ '00080018': ['UI', `${draft.uids}.5.${k}`] });

/** A second run of the scanner over the same positions, or a part of them. */
function secondAcquisition(draft: SeriesDraft, slices?: number): SentInstance[] {
  const ct = draft.ct();
  const change = (k: number): Elements => ({ ...otherPixels(ct, k), ...acquisition(2), ...underNewUids(draft, k) });
  return draft.images({ ...(slices !== undefined && { slices }), change });
}

const text = (bytes: Buffer | string, set: string): Elements => ({
  '00080005': ['CS', set],
  '00100010': ['PN', bytes],
});

/** Two ways to write one patient, each with the bytes of the name that it stands for. */
const spellings: readonly (readonly [one: Elements, other: Elements, ...names: Buffer[]])[] = [
  [
    text('Doe^Jane', 'ISO_IR 100'),
    text('Doe^Jane^^', 'ISO_IR 100'),
    Buffer.from('Doe^Jane'),
    Buffer.from('Doe^Jane^^'),
  ],
  [text('Doe^Jane', 'ISO_IR 100'), text('Doe^Jane=', 'ISO_IR 100'), Buffer.from('Doe^Jane'), Buffer.from('Doe^Jane=')],
  [text(' Doe ^Jane', ''), text('Doe^Jane', 'ISO_IR 100'), Buffer.from(' Doe ^Jane'), Buffer.from('Doe^Jane')],
  [
    text(Buffer.from('M\xfcller^7', 'latin1'), 'ISO_IR 100'),
    text(Buffer.from('Müller^7 '), 'ISO_IR 192'),
    Buffer.from('M\xfcller^7', 'latin1'),
    Buffer.from('Müller^7'),
  ],
  [
    { ...text('Doe^Jane', 'ISO_IR 100'), '00100040': ['CS', 'F'] },
    { ...text('', 'ISO_IR 100'), '00100040': ['CS', ''] },
    Buffer.from('Doe^Jane'),
  ],
];

/** Series that are contoured without a person, whatever is wrong with them. */
export const usable: Readonly<Record<string, Make>> = {
  'nothing wrong': (draft) => ({ instances: draft.images({ syntax: draft.pick(syntaxes) }) }),
  'sent twice': (draft) => ({ instances: [...draft.images(), ...draft.images()] }),
  'the count of its header': (draft) => ({
    instances: draft.images({ change: () => ({ '00201209': ['IS', '12'] }) }),
  }),
  'surplus bytes': (draft) => {
    const surplus = Buffer.alloc(draft.pick([2, 4, 128, 16384]));
    return { instances: draft.images({ change: (k) => withSurplus(draft.ct(), k, surplus) }) };
  },
  'UIDs with leading zeros': (draft) => {
    const uids = `${draft.uids}.007`;
    const slices = Array.from({ length: 12 }, (_, k) => `${uids}.4.${k + 1}`);
    return { uid: `${uids}.2`, slices, instances: draft.images({ uids }) };
  },
  'two spellings': (draft) => {
    const [one, other, ...names] = draft.pick(spellings);
    const instances = draft.images({ change: (k) => ({ ...(k % 3 === 1 ? other : one), '00100020': ['LO', 'P-S'] }) });
    return { instances, patient: { names, ids: ['P-S'] } };
  },
  'spaces around the Patient ID': (draft) => ({
    instances: draft.images({ change: (k) => ({ '00100020': ['LO', k % 2 === 0 ? ' P-T' : 'P-T '] }) }),
    patient: { names: [], ids: [' P-T', 'P-T'] },
  }),
  'a foreign picture': (draft) => ({ instances: [...draft.images(), draft.foreign(1)] }),
  'three foreign pictures': (draft) => ({
    instances: [...draft.images(), draft.foreign(1), draft.foreign(2), draft.foreign(3)],
  }),
  'its scouts in the same series': (draft) => ({
    instances: [draft.foreign(1, 'a localiser'), draft.foreign(2, 'a localiser'), ...draft.images()],
  }),
  'called a reformat': (draft) => {
    const value = draft.pick([
      'DERIVED\\SECONDARY\\REFORMATTED',
      'DERIVED\\PRIMARY\\MPR',
      'DERIVED\\SECONDARY\\AXIAL\\CT_SOM7 MPR',
      'ORIGINAL\\PRIMARY\\AVERAGE',
    ]);
    return { instances: draft.images({ change: () => type(value) }) };
  },
  'slices beside each other': (draft) => ({
    instances: draft.images({ shift: (k) => [k % 2 === 0 ? 0 : 0.3 * clinicPixelMm, 0] }),
  }),
  'positions that jitter': (draft) => ({
    instances: draft.images({ z: (k) => 3 * k + [0, 0.25, -0.2, 0.1][k % 4]! }),
  }),
  'a tilted gantry on a route that resolves it': (draft) => ({
    instances: draft.images({ tilt: 12, change: () => ({ '00181030': ['LO', 'TILTED'] }) }),
  }),
  'a repeat under new UIDs': (draft) => ({
    instances: [...draft.images(), ...draft.images({ change: (k) => underNewUids(draft, k) })],
    // Whichever of two came first counts.
    slices: [],
  }),
  'some images of a second acquisition': (draft) => ({
    instances: [...draft.images({ change: () => acquisition(1) }), ...secondAcquisition(draft, 3)],
  }),
  'an element that nobody can read': (draft) => {
    const syntax = draft.pick(syntaxes);
    const broken = draft.pick(Object.values(brokenElements(syntax)));
    return { instances: draft.images({ syntax, garble: (file) => withBytes(file, '00100010', broken, syntax) }) };
  },
  'Enhanced CT': (draft) => ({ instances: draft.enhanced(), slices: [`${draft.uids}.8`] }),
  'aborted and sent again': (draft) => ({ instances: draft.images(), alone: ['aborted', 'released'] }),
  'broken off and sent again': (draft) => ({ instances: draft.images(), alone: ['lost', 'released'] }),
  'again after the delivery': (draft) => ({ instances: draft.images(), later: draft.images() }),
  'a repeat under new UIDs after the delivery': (draft) => ({
    instances: draft.images(),
    later: draft.images({ change: (k) => underNewUids(draft, k) }),
  }),
  'a second acquisition after the delivery': (draft) => ({
    instances: draft.images({ change: () => acquisition(1) }),
    later: secondAcquisition(draft, draft.pick([12, 24])),
  }),
  'another part of the body after the delivery': (draft) => ({
    instances: draft.images({ change: () => acquisition(1) }),
    later: draft.images({
      z: (k) => 300 + 3 * k,
      change: (k) => ({ ...acquisition(2), ...underNewUids(draft, k) }),
    }),
  }),
  'one slice again and again after the delivery, to see the contrast come': (draft) => ({
    instances: draft.images({ change: () => acquisition(1) }),
    later: draft.images({ z: () => 15, change: (k) => ({ ...acquisition(3), ...underNewUids(draft, k) }) }),
  }),
  'a report page after the delivery': (draft) => ({
    instances: draft.images(),
    later: [draft.foreign(1, 'a colour report page')],
  }),
};
