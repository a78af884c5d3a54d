import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import { dicomFile, element, type Elements } from '../dicom/generated-ct.ts';
import { withBytes } from '../support/broken-elements.ts';
import { clinicCt, type ClinicFile, clinicSlice, foreignFile } from '../support/clinic-ct.ts';
import { contoured } from './contoured-folder.ts';

const words = (k: number): number[] => clinicSlice({}, k)['7fe00010']![1] as number[];
const changed = (change: (k: number) => Elements): ClinicFile[] => clinicCt({ change });
const behind = (extra: Buffer): ClinicFile[] => clinicCt({ garble: (file) => Buffer.concat([file, extra]) });
const named = (value: string): Elements => ({ '00080008': ['CS', value] });
const coronal: Elements = { '00200037': ['DS', '1\\0\\0\\0\\0\\-1'] };

const metaOf = (file: Buffer): Buffer => file.subarray(0, 144 + file.readUInt32LE(140));
const dataSetOf = (file: Buffer): Buffer => file.subarray(metaOf(file).length);
/** One more image, made of slice 8. */
const other = (changes: Elements): ClinicFile => ({
  name: 'other.dcm',
  bytes: dicomFile({ ...clinicSlice({}, 7), '00080018': ['UI', '1.2.3.9.1'], ...changes }),
});
/** A second volume at the same positions with other pixels. */
const beside = (one: Elements, another: Elements): ClinicFile[] => [
  ...changed(() => one),
  ...again({ change: (k) => ({ ...another, '7fe00010': ['OW', words(k).map((word) => word + 9)] }) }),
];

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
  [
    'a delimiter of a sequence where none is open',
    clinicCt({
      garble: (file) =>
        withBytes(
          file,
          '00100010',
          element('fffee0dd', '', Buffer.alloc(0), { implicitVr: true }),
          explicitVrLittleEndian,
        ),
    }),
    [],
  ],
  [
    'implicit VR under a Transfer Syntax UID that says explicit',
    clinicCt().map(({ name, bytes }, k) => ({
      name,
      bytes: Buffer.concat([metaOf(bytes), dataSetOf(clinicCt({ syntax: implicitVrLittleEndian })[k]!.bytes)]),
    })),
    [],
  ],
  [
    'a Patient ID with rests behind a zero',
    changed((k) => (k % 2 === 0 ? { '00100020': ['LO', Buffer.from('P1\0x')] } : {})),
    [],
  ],
  [
    'the ideographic name first in some slices',
    changed((k) => ({
      '00080005': ['CS', 'ISO_IR 192'],
      '00100010': ['PN', Buffer.from(k % 2 === 0 ? 'Wang^Ming=王^明 ' : '王^明 ')],
    })),
    [],
  ],
  [
    'half-width and full-width letters',
    changed((k) => ({
      '00080005': ['CS', 'ISO_IR 192'],
      '00100010': ['PN', Buffer.from(k % 2 === 0 ? 'ヤマダ^タロウ ' : 'ﾔﾏﾀﾞ^ﾀﾛｳ ')],
    })),
    [],
  ],
  ['a word of the Image Type with MIP in it', changed(() => named('DERIVED\\PRIMARY\\AXIAL\\HEMIPELVIS')), ['DERIVED']],
  ['an original that is scanned for a MIP', changed(() => ({ '0008103e': ['LO', 'Thorax 1.0 for MIP'] })), []],
  ['an image without pixels at the place of a slice', [...clinicCt(), other({ '7fe00010': undefined })], ['LEFT_OUT']],
  [
    'an object without pixels and without place',
    [...clinicCt(), other({ '7fe00010': undefined, '00200032': undefined, '00280010': undefined })],
    ['LEFT_OUT'],
  ],
  [
    'a key image at the place of the slice that it shows',
    [
      ...clinicCt(),
      other({ ...named('DERIVED\\SECONDARY\\AXIAL'), '7fe00010': ['OW', words(7).map((word) => word + 50)] }),
    ],
    ['LEFT_OUT'],
  ],
  [
    'positions that jitter to and fro by almost a tenth of the step',
    clinicCt({ z: (k) => 3 * k + (k % 2 === 0 ? 0.299 : -0.299) }),
    ['SPACING_JITTER'],
  ],
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
  [
    'two energies of a dual-energy scan',
    beside({ '00180060': ['DS', '80'] }, { '00180060': ['DS', '140'] }),
    'SERIES_TWO_ACQUISITIONS',
    /KVP 80: 24 images, KVP 140: 24 images|KVP 140: 24 images, KVP 80: 24 images/,
  ],
  [
    'two phases of breathing',
    beside({ '00200100': ['IS', '1'] }, { '00200100': ['IS', '2'] }),
    'SERIES_TWO_ACQUISITIONS',
    /Temporal Position 2: 24 images/,
  ],
  [
    'thin and thick slices between each other',
    [
      ...changed(() => ({ '00180050': ['DS', '3'] })),
      ...again({ slices: 14, z: (k) => 5 * k + 0.7, change: () => ({ '00180050': ['DS', '5'] }) }),
    ],
    'SERIES_TWO_ACQUISITIONS',
    /Slice Thickness 5: 14 images/,
  ],
  [
    'a MIP that its description alone names',
    changed(() => ({ ...named('DERIVED\\SECONDARY\\AXIAL'), '0008103e': ['LO', 'Miller thorax MIP 10/5'] })),
    'SERIES_PROJECTION',
    /\(Series Description MIP\)$/,
  ],
  [
    'a virtual endoscopy',
    changed(() => named('DERIVED\\SECONDARY\\AXIAL\\VIRTUAL_ENDOSCOPY')),
    'SERIES_PROJECTION',
    /VIRTUAL_ENDOSCOPY/,
  ],
  [
    'a last slice that lost its pixels',
    changed((k) => (k === 23 ? { '7fe00010': undefined } : {})),
    'SERIES_HEADER',
    /a slice has no pixels/,
  ],
  [
    'a slice in the middle that lost its pixels',
    changed((k) => (k === 9 ? { '7fe00010': undefined } : {})),
    'SERIES_MISSING_SLICE',
    /gap of 6\.0 mm between slices 9 and 10, expected 3\.0 mm; left out: 1 no pixels/,
  ],
  [
    'positions rounded to whole millimetres',
    clinicCt({ z: (k) => Math.round(1.25 * k) }),
    'SERIES_MISSING_SLICE',
    /gap of 2\.0 mm between slices 2 and 3, expected 1\.0 mm/,
  ],
  [
    'positions that jitter by more than a tenth of the step',
    clinicCt({ z: (k) => 3 * k + (k % 2 === 0 ? 0.302 : -0.302) }),
    'SERIES_SPACING',
    /^slices lie up to 0\.302 mm beside even positions, at most 0\.300 mm is taken$/,
  ],
  [
    'three scouts that nobody calls so, and a dose report',
    [
      ...clinicCt({ slices: 3, change: (k) => (k > 0 ? coronal : { '00200037': ['DS', '0\\1\\0\\0\\0\\-1'] }) }),
      foreignFile({}, 'a colour report page'),
    ],
    'SERIES_LOCALISER',
    /^nothing to contour/,
  ],
  [
    'a grey secondary capture',
    [other({ ...named('DERIVED\\SECONDARY\\OTHER'), '00200032': undefined, '00200037': undefined })],
    'SERIES_REPORT',
    /^nothing to contour/,
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
      severity: 'notice',
      text: 'the slices lie up to 3.6 mm beside each other; each contour lies at its own slice',
    },
  ]);
});
