import assert from 'node:assert/strict';
import { test } from 'node:test';
import { implicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import { element, type Elements } from '../dicom/generated-ct.ts';
import { clinicCt, type ClinicFile, clinicSlice, foreignFile } from '../support/clinic-ct.ts';
import { contoured } from './contoured-folder.ts';

const words = (k: number): number[] => clinicSlice({}, k)['7fe00010']![1] as number[];
const changed = (change: (k: number) => Elements): ClinicFile[] => clinicCt({ change });
const behind = (extra: Buffer): ClinicFile[] => clinicCt({ garble: (file) => Buffer.concat([file, extra]) });
const named = (value: string): Elements => ({ '00080008': ['CS', value] });
const coronal: Elements = { '00200037': ['DS', '1\\0\\0\\0\\0\\-1'] };

/** The series once more, under other SOP Instance UIDs. */
function again(ct: Parameters<typeof clinicCt>[0] = {}): ClinicFile[] {
  const change = (k: number): Elements => ({ ...ct?.change?.(k), '00080018': ['UI', `1.2.3.5.${k}`] });
  return clinicCt({ ...ct, change }).map(({ name, bytes }) => ({ name: `again/${name}`, bytes }));
}

for (const [what, files, warnings] of [
  ['Data Set Trailing Padding behind the pixels', behind(element('fffcfffc', 'OB', Buffer.alloc(64))), []],
  [
    'an element behind the pixels that is cut off',
    behind(element('7fe10010', 'OB', Buffer.alloc(40)).subarray(0, 30)),
    [],
  ],
  [
    'pixels of 16 bits with the VR OB',
    changed((k) => ({ '7fe00010': ['OB', Buffer.from(Uint16Array.from(words(k)).buffer)] })),
    [],
  ],
  [
    'a UID that is padded with a space',
    changed((k) => ({ '00080018': ['UI', Buffer.from(`1.2.3.4.${k + 100} `)] })),
    [],
  ],
  ['a name in capitals', changed((k) => (k % 2 === 0 ? { '00100010': ['PN', 'TEST^PHANTOM'] } : {})), []],
  [
    'a name with two spaces for one',
    changed((k) => ({ '00100010': ['PN', `Van${' '.repeat(1 + (k % 2))}Dyk^Ann`] })),
    [],
  ],
  ['a birth date with hyphens', changed((k) => (k % 2 === 0 ? { '00100030': ['DA', '1970-01-01'] } : {})), []],
  [
    'a character set that some slices do not name',
    changed((k) => ({
      '00080005': ['CS', k % 2 === 0 ? '' : 'ISO_IR 192'],
      '00100010': ['PN', Buffer.from('Müller^7 ')],
    })),
    [],
  ],
  [
    'no patient at all',
    changed(() => ({ '00100010': undefined, '00100020': undefined, '00100030': undefined, '00100040': undefined })),
    [],
  ],
  ['pixels that are shown inverted', changed(() => ({ '00280004': ['CS', 'MONOCHROME1'] })), []],
  ['CT numbers that are called Hounsfield', changed(() => ({ '00281054': ['LO', 'Hounsfield'] })), []],
  [
    'positions with exponents',
    changed((k) => ({ '00200032': ['DS', `-1.26E2\\-1.26e+2\\${(3 * k).toExponential()}`] })),
    [],
  ],
  ['an acquisition a turn of the tube', changed((k) => ({ '00200012': ['IS', String(Math.floor(k / 4))] })), []],
  ['half of the series once more', [...clinicCt(), ...again().slice(0, 12)], ['REPEAT']],
  [
    'the series once more in another encoding',
    [...clinicCt(), ...again({ syntax: implicitVrLittleEndian })],
    ['REPEAT'],
  ],
  ['fewer images than the header counts', changed(() => ({ '00201209': ['IS', '26'] })), ['INSTANCES_MISSING']],
] as [string, ClinicFile[], string[]][]) {
  test(`a good CT is contoured: ${what}`, async (t) => {
    const { slices, codes } = await contoured(t, files);
    assert.deepEqual([slices, codes], [24, warnings]);
  });
}

for (const [what, files, code, message] of [
  [
    'two acquisitions whose slices lie between each other',
    [
      ...changed(() => ({ '00200012': ['IS', '1'] })),
      ...again({ z: (k) => 3 * k + 1.5, change: () => ({ '00200012': ['IS', '2'] }) }),
    ],
    'SERIES_TWO_ACQUISITIONS',
    /Acquisition Number 1: 24 images/,
  ],
  ['radiographs made of a CT', changed(() => named('DERIVED\\SECONDARY\\DRR')), 'SERIES_PROJECTION', /DRR/],
  [
    'a UID that ends with a point',
    changed(() => ({ '0020000d': ['UI', '1.2.3.1.'] })),
    'DICOM_UID',
    /Study Instance UID is no UID/,
  ],
  [
    'two names that differ in a letter',
    changed((k) => (k > 11 ? { '00100010': ['PN', 'Test^Phantoms'] } : {})),
    'SERIES_MIXED_IDENTITY',
    /two patients/,
  ],
  [
    'two IDs that differ in case',
    changed((k) => (k > 11 ? { '00100020': ['LO', 'p1'] } : {})),
    'SERIES_MIXED_IDENTITY',
    /two patients/,
  ],
  [
    'two scouts that are called scanoscope',
    clinicCt({ slices: 2, change: () => ({ ...coronal, ...named('ORIGINAL\\PRIMARY\\SCANOSCOPE') }) }),
    'SERIES_LOCALISER',
    /^nothing to contour/,
  ],
  [
    'two scouts that nobody calls so',
    clinicCt({ slices: 2, change: () => coronal }),
    'SERIES_LOCALISER',
    /^nothing to contour/,
  ],
  ['coronal reformats of the whole head', changed(() => coronal), 'SERIES_NOT_AXIAL', /the images are coronal/],
  [
    'pages in colours alone',
    [1, 2].map((n) => foreignFile({}, 'a colour report page', n)),
    'SERIES_REPORT',
    /^nothing to contour/,
  ],
  [
    'a CT whose positions are gone',
    changed(() => ({ '00200032': undefined })),
    'SERIES_HEADER',
    /no usable Image Position/,
  ],
] as [string, ClinicFile[], string, RegExp][]) {
  test(`what is no usable CT is refused by its name: ${what}`, async (t) => {
    await assert.rejects(contoured(t, files), { code, message });
  });
}

test('slices that lie to both sides of their line are not told to lie less than half a pixel beside each other', async (t) => {
  const { warnings } = await contoured(t, clinicCt({ shift: (k) => [k % 2 === 0 ? 1.8 : -1.8, 0] }));
  assert.deepEqual(warnings, [
    {
      code: 'IN_PLANE_SHIFT',
      text: 'the slices lie up to 3.6 mm beside each other; each contour lies at its own slice',
    },
  ]);
});
