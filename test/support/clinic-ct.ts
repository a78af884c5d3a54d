import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ctElements, dicomFile, element, type Elements } from '../dicom/generated-ct.ts';

/**
 * A CT series as a clinic's scanners, routers and archives send it: a cylinder of water with a bright ellipsoid in it
 * (what thresholdBundle finds), to which a test adds one fault.
 */
export interface ClinicCt {
  /** Slices; default 24. */
  readonly slices?: number;
  /** mm from slice to slice; default 3. */
  readonly step?: number;
  /** Elements of slice k that replace, or (undefined) remove, those of a good series. */
  readonly change?: (k: number) => Elements;
  /** What a sender makes of the file of slice k. */
  readonly garble?: (file: Buffer, k: number) => Buffer;
  readonly syntax?: string;
  /** Root of every UID; default 1.2.3. */
  readonly uids?: string;
  /** mm along x and y by which slice k lies beside the first; its pixels show the patient at the same place. */
  readonly shift?: (k: number) => readonly [number, number];
  /** Degrees by which the gantry leans: the columns run to the feet (positive) or to the head. */
  readonly tilt?: number;
  /** z of slice k (of its middle where the gantry leans). */
  readonly z?: (k: number) => number;
  /** x and y of the middle of the organ; default that of `organ`. */
  readonly organAt?: readonly [number, number];
}

export interface ClinicFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Rows, columns, and mm from one to the next. */
const matrix = 64;
export const clinicPixelMm = 4;
const first = -((matrix - 1) / 2) * clinicPixelMm;
const intercept = -1024;
/** The body, and the organ in it, whose edge is a ramp from 300 to -100 HU over 16 mm. */
const bodyRadii = [100, 80] as const;
export const organ = { centre: [16, -8], radii: [40, 32, 20] } as const;

/** z of the middle of a series: the centre of the organ. */
export function middleOf({ slices = 24, step = 3 }: ClinicCt): number {
  return ((slices - 1) / 2) * step;
}

/** HU at a place of the patient, mm. */
export function huAt(
  x: number,
  y: number,
  z: number,
  middle: number,
  [organX, organY]: readonly [number, number] = organ.centre,
): number {
  const [rx, ry, rz] = organ.radii;
  const [u, v, w] = [x - organX, y - organY, z - middle];
  const level = Math.hypot(u / rx, v / ry, w / rz);
  const gradient = Math.hypot(u / rx ** 2, v / ry ** 2, w / rz ** 2);
  const depth = level === 0 ? Math.min(rx, ry, rz) : ((1 - level) * level) / gradient;
  if (depth > -8) return Math.round(Math.min(300, 100 + 25 * depth));
  return (x / bodyRadii[0]) ** 2 + (y / bodyRadii[1]) ** 2 < 1 ? -100 : -1000;
}

/** The elements of slice k. */
export function clinicSlice(ct: ClinicCt, k: number): Elements {
  const { step = 3, uids = '1.2.3', tilt = 0 } = ct;
  const [dx, dy] = ct.shift?.(k) ?? [0, 0];
  const [cos, sin] = [Math.cos((tilt * Math.PI) / 180), Math.sin((tilt * Math.PI) / 180)];
  const z = ct.z?.(k) ?? k * step;
  // The gantry turns about the middle of the image.
  const position = [first + dx, first * cos + dy, z - first * sin] as const;
  const words: number[] = [];
  for (let j = 0; j < matrix; j += 1) {
    const along = j * clinicPixelMm;
    for (let i = 0; i < matrix; i += 1) {
      const x = position[0] + i * clinicPixelMm;
      words.push(huAt(x, position[1] + along * cos, position[2] - along * sin, middleOf(ct), ct.organAt) - intercept);
    }
  }
  const short = (value: number): string => String(Number(value.toFixed(6)));
  return {
    ...ctElements(0),
    '00080018': ['UI', `${uids}.4.${k + 1}`],
    '0020000d': ['UI', `${uids}.1`],
    '0020000e': ['UI', `${uids}.2`],
    '00200013': ['IS', String(k + 1)],
    '00200032': ['DS', position.map(short).join('\\')],
    '00200037': ['DS', [1, 0, 0, 0, cos, -sin].map(short).join('\\')],
    '00200052': ['UI', `${uids}.3`],
    '00280010': ['US', [matrix]],
    '00280011': ['US', [matrix]],
    '00280030': ['DS', `${clinicPixelMm}\\${clinicPixelMm}`],
    '00280103': ['US', [0]],
    '7fe00010': ['OW', words],
    ...ct.change?.(k),
  };
}

/** The files of the series, in the order of their slices. */
export function clinicCt(ct: ClinicCt = {}): ClinicFile[] {
  const { slices = 24, syntax, garble = (file) => file } = ct;
  return Array.from({ length: slices }, (_, k) => ({
    name: `ct.${String(k + 1).padStart(3, '0')}.dcm`,
    bytes: garble(dicomFile(clinicSlice(ct, k), syntax === undefined ? {} : { syntax }), k),
  }));
}

/** Images that hospitals send along under the series' UID and that are no slices of it, by what they are. */
export const foreignImages: Readonly<Record<string, Elements>> = {
  'a sagittal reformat': {
    '00080008': ['CS', 'DERIVED\\SECONDARY\\OTHER'],
    '00200037': ['DS', '0\\1\\0\\0\\0\\-1'],
  },
  'a coronal image that says it is axial': { '00200037': ['DS', '1\\0\\0\\0\\0\\-1'] },
  'an oblique image': { '00200037': ['DS', '0.8\\0.6\\0\\0\\0\\-1'] },
  'a grey report page without position': {
    '00080008': ['CS', 'DERIVED\\SECONDARY\\OTHER'],
    '00200032': undefined,
    '00200037': undefined,
  },
  'a colour report page': {
    '00200032': undefined,
    '00200037': undefined,
    '00280002': ['US', [3]],
    '00280004': ['CS', 'RGB'],
    '00280006': ['US', [0]],
    '00280010': ['US', [32]],
    '00280011': ['US', [32]],
    '00280100': ['US', [8]],
    '00280101': ['US', [8]],
    '00280102': ['US', [7]],
    '7fe00010': ['OB', new Uint8Array(3 * 32 * 32)],
  },
  'a page of 8 bits with an empty position': {
    '00200032': ['DS', ''],
    '00280100': ['US', [8]],
    '00280101': ['US', [8]],
    '00280102': ['US', [7]],
    '7fe00010': ['OB', new Uint8Array(matrix * matrix)],
  },
  'a page with zeros for a position, and no rescale': {
    '00080008': ['CS', 'DERIVED\\SECONDARY'],
    '00200032': ['DS', '0\\0\\0'],
    '00200037': ['DS', '0\\0\\0\\0\\0\\0'],
    '00281052': undefined,
    '00281053': undefined,
  },
  'a page with the position of a slice, and no rescale': { '00281052': undefined, '00281053': undefined },
  'a small page with text for a position': {
    '00200032': ['DS', 'none'],
    '00280010': ['US', [32]],
    '00280011': ['US', [32]],
    '7fe00010': ['OW', Array.from({ length: 32 * 32 }, () => 0)],
  },
  'a page without position and without pixels that fit': {
    '00200032': undefined,
    '7fe00010': ['OW', [1, 2, 3]],
  },
  'a slice of another matrix': {
    '00280010': ['US', [32]],
    '00280011': ['US', [32]],
    '00280030': ['DS', '8\\8'],
    '7fe00010': ['OW', Array.from({ length: 32 * 32 }, () => 0)],
  },
  'a slice of another pixel size': { '00280030': ['DS', '3\\3'] },
  'a slice of another place': { '00200032': ['DS', '-80\\-126\\20'] },
  'a localiser': { '00080008': ['CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'], '00200037': ['DS', '0\\1\\0\\0\\0\\-1'] },
  'a maximum intensity projection': { '00080008': ['CS', 'DERIVED\\PRIMARY\\AXIAL\\CT_SOM5 MIP'] },
};

/** One of these as a file of the series, with a SOP Instance UID of its own. */
export function foreignFile(ct: ClinicCt, what: string, number = 1): ClinicFile {
  const uid = `${ct.uids ?? '1.2.3'}.9.${number}`;
  const elements = { ...clinicSlice(ct, 7), '00080018': ['UI', uid] as [string, string], ...foreignImages[what] };
  return { name: `other.${number}.dcm`, bytes: dicomFile(elements) };
}

/** Writes files below a folder. @returns the folder */
export async function writeFiles(folder: string, files: readonly ClinicFile[]): Promise<string> {
  for (const { name, bytes } of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
  return folder;
}

/** What a frame of Enhanced CT takes from its functional groups, and the sequence of each. */
const macros: Readonly<Record<string, readonly string[]>> = {
  '00209113': ['00200032'],
  '00209116': ['00200037'],
  '00289110': ['00280030'],
  '00289145': ['00281052', '00281053'],
};

/**
 * The same series as one Enhanced CT instance (PS3.3 A.38): positions per frame, the rest shared unless it differs.
 * @param order of the slices in the file
 */
export function enhancedCt(
  ct: ClinicCt = {},
  options: { order?: readonly number[]; encapsulated?: (words: number[]) => Uint8Array } = {},
): ClinicFile {
  const order = options.order ?? Array.from({ length: ct.slices ?? 24 }, (_, k) => k);
  const slices = order.map((k) => clinicSlice(ct, k));
  const words = slices.map((slice) => slice['7fe00010']![1] as number[]);
  const [first] = slices as [Elements];
  const inGroups = new Set(Object.values(macros).flat());
  const isShared = (tag: string): boolean =>
    slices.every((slice) => JSON.stringify(slice[tag]) === JSON.stringify(first[tag]));
  const groups = (slice: Elements, shared: boolean): Buffer =>
    Buffer.concat(
      Object.entries(macros)
        .filter(([, tags]) => tags.every(isShared) === shared)
        .map(([macro, tags]) => {
          const values = tags.flatMap((tag) => {
            const entry = slice[tag];
            return entry === undefined ? [] : [element(tag, entry[0], padded(entry[1] as string))];
          });
          return element(macro, 'SQ', item(Buffer.concat(values)));
        }),
    );
  const top = Object.fromEntries(Object.entries(first).filter(([tag]) => !inGroups.has(tag)));
  const { encapsulated } = options;
  const elements: Elements = {
    ...top,
    '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.2.1'],
    '00080018': ['UI', `${ct.uids ?? '1.2.3'}.8`],
    '00280008': ['IS', String(order.length)],
    '52009229': ['SQ', item(groups(first, true))],
    '52009230': ['SQ', Buffer.concat(slices.map((slice) => item(groups(slice, false))))],
    '7fe00010': encapsulated === undefined ? ['OW', words.flat()] : undefined,
  };
  const bytes =
    encapsulated === undefined
      ? dicomFile(elements)
      : dicomFile(elements, { syntax: '1.2.840.10008.1.2.5', encapsulated: words.map(encapsulated) });
  return { name: 'enhanced.dcm', bytes };
}

function padded(value: string): Buffer {
  return Buffer.from(value.length % 2 === 0 ? value : `${value} `, 'latin1');
}

function item(content: Uint8Array): Buffer {
  return element('fffee000', '', content, { implicitVr: true });
}
