import type { Elements } from '../../dicom/generated-ct.ts';
import { element } from '../../dicom/generated-ct.ts';
import { withBytes } from '../../support/broken-elements.ts';
import { clinicSlice, foreignImages } from '../../support/clinic-ct.ts';
import { explicitVrLittleEndian } from '../../../src/dicom/transfer-syntax.ts';
import { type Ending, otherPixels, type SentInstance, type SeriesDraft, withSurplus } from './planned-series.ts';
import type { Make } from './usable-series.ts';

const cutOff = (file: Buffer): Buffer => file.subarray(0, -100);
const all = (): boolean => true;
const type = (value: string): Elements => ({ '00080008': ['CS', value] });

function rejected(code: string, message?: RegExp): { ends: Ending } {
  return { ends: { state: 'rejected', code, ...(message && { message }) } };
}

function incomplete(message: RegExp): { ends: Ending } {
  return { ends: { state: 'incomplete', code: 'SERIES_INCOMPLETE', message } };
}

const quiet = (code: string): { ends: Ending } => ({ ends: { state: 'nothing to contour', code } });

/** All images, the last one refused. */
function lastRefused(draft: SeriesDraft, change: (k: number) => Elements, garble = (file: Buffer) => file) {
  const last = (k: number): boolean => k === 12;
  return draft.images(
    {
      slices: 13,
      change: (k) => (last(k) ? change(k) : {}),
      garble: (file, k) => (last(k) ? garble(file) : file),
    },
    last,
  );
}

/** Every image with a UID of more than 64 characters. */
function tooLong(draft: SeriesDraft, tag: string): SentInstance[] {
  const uid = (k: number): string => `${draft.uids}.${tag === '00080018' ? 10 + k : 10}.${'1'.repeat(60)}`;
  return draft.images({ change: (k) => ({ [tag]: ['UI', uid(k)] }) }, all);
}

/** Series that no contour may come of, each with the reason on its line. */
export const unusable: Readonly<Record<string, Make>> = {
  'one image cut off': (draft) => ({
    instances: lastRefused(draft, () => ({}), cutOff),
    ...incomplete(/^1 instance refused: .*ends/),
  }),
  'every image cut off': (draft) => ({
    instances: draft.images({ garble: cutOff }, all),
    ...rejected('DICOM_UNREADABLE', /^12 instances refused: the data set ends/),
  }),
  'one image without its last pixels': (draft) => ({
    instances: lastRefused(draft, (k) => {
      const words = clinicSlice(draft.ct(), k)['7fe00010']![1] as number[];
      return { '7fe00010': ['OW', words.slice(1)] };
    }),
    ...incomplete(/8190 bytes instead of 8192/),
  }),
  'pixels of another matrix behind the pixels': (draft) => ({
    instances: lastRefused(draft, (k) => withSurplus(draft.ct(), k, Buffer.alloc(8192, 'no'))),
    ...incomplete(/16384 bytes instead of 8192/),
  }),
  '17 bits stored': (draft) => ({
    instances: draft.images({ change: () => ({ '00280101': ['US', [17]] }) }, all),
    ...rejected('PIXEL_DECODING', /17 stored/),
  }),
  'too long a Series Instance UID': (draft) => ({
    uid: `${draft.uids}.10.${'1'.repeat(60)}`,
    instances: tooLong(draft, '0020000e'),
    ...rejected('DICOM_UID', /Series Instance UID has \d+ characters/),
  }),
  'too long a Study Instance UID': (draft) => ({
    instances: tooLong(draft, '0020000d'),
    ...rejected('DICOM_UID', /Study Instance UID has \d+ characters/),
  }),
  'too long a Frame of Reference UID': (draft) => ({
    instances: tooLong(draft, '00200052'),
    ...rejected('DICOM_UID', /Frame of Reference UID has \d+ characters/),
  }),
  'too long SOP Instance UIDs': (draft) => ({
    instances: tooLong(draft, '00080018'),
    alone: ['released'],
    ...rejected('DICOM_UID', /SOP Instance UID has \d+ characters/),
  }),
  'an image that the request names otherwise': (draft) => {
    const [last, ...others] = draft.images({ slices: 13 }).toReversed() as [SentInstance, ...SentInstance[]];
    const named = { ...last, sopInstanceUid: `${draft.uids}.78`, isRefused: true };
    return { instances: [...others, named], ...incomplete(/1 instance refused: .*not that of the C-STORE request/) };
  },
  'an image that nobody can read': (draft) => ({
    instances: [...draft.images(), draft.unreadable()],
    alone: ['released'],
    ...incomplete(/1 instance of unknown series refused on the same association/),
  }),
  aborted: (draft) => ({
    instances: draft.images(),
    alone: ['aborted'],
    ...incomplete(/an association was aborted: the sender has to send 12 instances again/),
  }),
  'broken off': (draft) => ({
    instances: draft.images(),
    alone: ['lost'],
    ...incomplete(/a connection was lost: the sender has to send 12 instances again/),
  }),
  'two patients': (draft) => {
    const other = draft.pick<Elements>([
      { '00100020': ['LO', 'OTHER'] },
      { '00100010': ['PN', 'Other^Patient'] },
      { '00100030': ['DA', '19700102'] },
      { '00100040': ['CS', 'F'] },
    ]);
    return {
      instances: draft.images({ change: (k) => (k > 7 ? other : {}) }),
      ...rejected('SERIES_MIXED_IDENTITY', /^two patients in one series$/),
    };
  },
  'half of it sagittal': (draft) => ({
    instances: draft.images({ change: (k) => (k > 5 ? foreignImages['an oblique image']! : {}) }),
    ...rejected('SERIES_MIXED_SIZE', /6 of 12 images oblique/),
  }),
  'every image sagittal': (draft) => ({
    instances: draft.images({ change: () => ({ '00200037': ['DS', '0\\1\\0\\0\\0\\-1'] }) }),
    ...rejected('SERIES_NOT_AXIAL', /^the images are sagittal$/),
  }),
  'a slice lost to another matrix': (draft) => ({
    instances: draft.images({ change: (k) => (k === 5 ? foreignImages['a slice of another matrix']! : {}) }),
    ...rejected('SERIES_MISSING_SLICE', /left out: 1 32 x 32 pixels/),
  }),
  'a gap': (draft) => ({
    instances: draft.images({ z: (k) => (k > 5 ? k + 1 : k) * 3 }),
    ...rejected('SERIES_MISSING_SLICE', /gap of 6\.0 mm between slices 6 and 7, expected 3\.0 mm/),
  }),
  'positions that jitter too far': (draft) => ({
    instances: draft.images({ z: (k) => 3 * k + (k === 6 ? 0.9 : 0) }),
    ...rejected('SERIES_MISSING_SLICE', /gap of 3\.9 mm/),
  }),
  'a tilted gantry': (draft) => ({
    instances: draft.images({ tilt: draft.pick([8, -18.5]) }),
    ...rejected('SERIES_GANTRY_TILT', /gantry tilt of (8\.0|18\.5) degrees/),
  }),
  'fewer than its header says': (draft) => ({
    instances: draft.images({ slices: 12, change: () => ({ '00201209': ['IS', '13'] }) }),
    ...incomplete(/12 of 13 instances have arrived/),
  }),
  projections: (draft) => {
    const value = draft.pick([
      'DERIVED\\PRIMARY\\AXIAL\\CT_SOM5 MIP',
      'DERIVED\\SECONDARY\\MIP',
      'DERIVED\\SECONDARY\\AXIAL\\MinIP',
      'DERIVED\\SECONDARY\\MPR\\THICK_MIP',
      'DERIVED\\SECONDARY\\AXIAL\\VRT',
    ]);
    return { instances: draft.images({ change: () => type(value) }), ...rejected('SERIES_PROJECTION') };
  },
  'two acquisitions': (draft) => {
    const run = (number: number, change: (k: number) => Elements) =>
      draft.images({ change: (k) => ({ '00200012': ['IS', String(number)], ...change(k) }) });
    const second = (k: number): Elements => ({
      ...otherPixels(draft.ct(), k),
      '00080018': ['UI', `${draft.uids}.5.${k}`],
    });
    return { instances: [...run(1, () => ({})), ...run(2, second)], ...rejected('SERIES_TWO_ACQUISITIONS') };
  },
  'two acquisitions between each other': (draft) => {
    const run = (number: number, z: number) =>
      draft.images({
        z: (k) => 3 * k + z,
        change: (k) => ({
          '00200012': ['IS', String(number)],
          ...(number > 1 && { '00080018': ['UI', `${draft.uids}.5.${k}`] }),
        }),
      });
    return { instances: [...run(1, 0), ...run(2, 1.5)], ...rejected('SERIES_TWO_ACQUISITIONS') };
  },
  'other pixels at the same positions': (draft) => {
    const second = draft.images({
      change: (k) => ({ ...otherPixels(draft.ct(), k), '00080018': ['UI', `${draft.uids}.5.${k}`] }),
    });
    return { instances: [...draft.images(), ...second], ...rejected('SERIES_DUPLICATE_POSITION') };
  },
  'two frames of reference': (draft) => ({
    instances: draft.images({ change: (k) => (k > 5 ? { '00200052': ['UI', '1.2.3.999'] } : {}) }),
    ...rejected('SERIES_MIXED_FRAME'),
  }),
  'no Rescale Slope in one slice': (draft) => ({
    instances: draft.images({ change: (k) => (k === 11 ? { '00281053': undefined } : {}) }),
    ...rejected('SERIES_HEADER', /no usable Rescale Slope/),
  }),
  'a position that comes twice and differs': (draft) => {
    const other = element('00200032', 'DS', Buffer.from('1\\2\\3 '));
    const garble = (file: Buffer): Buffer => withBytes(file, '00200032', other, explicitVrLittleEndian);
    return {
      instances: draft.images({ garble }, all),
      ...rejected('DICOM_UNREADABLE', /\(0020,0032\) occurs twice/),
    };
  },
  'Enhanced CT without a position': (draft) => ({
    instances: draft.enhanced({ change: (k) => (k === 6 ? { '00200032': undefined } : {}) }, true),
    ...rejected('SERIES_HEADER', /frame 7 of 12 has no Image Position/),
  }),
  'too few slices': (draft) => ({ instances: draft.images({ slices: 5 }), ...rejected('SERIES_TOO_FEW_SLICES') }),
  'scouts alone': (draft) => ({
    instances: [draft.foreign(1, 'a localiser'), draft.foreign(2, 'a localiser')],
    ...quiet('SERIES_LOCALISER'),
  }),
  'a dose report alone': (draft) => ({
    instances: draft.images({ slices: 1, change: () => type('DERIVED\\SECONDARY\\DOSE_INFO') }),
    ...quiet('SERIES_REPORT'),
  }),
  'screen shots alone': (draft) => ({
    instances: draft.images({
      slices: 2,
      change: () => ({ ...foreignImages['a colour report page'], ...type('DERIVED\\SECONDARY\\SCREEN SAVE') }),
    }),
    ...quiet('SERIES_REPORT'),
  }),
};
