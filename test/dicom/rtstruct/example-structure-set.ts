import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, joined } from '../../../src/dicom/rtstruct/data-element.ts';
import { modelTexts } from '../../../worker/structure-set/model-texts.ts';
import { fileMetaInformation } from '../../../src/dicom/part10.ts';
import { patientStudyElements } from '../../../src/dicom/patient-study.ts';
import type { RawElement } from '../../../src/dicom/patient-study.ts';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import type { HoleMode } from '../../../src/dicom/rtstruct/hole-mode.ts';
import type { RoiInput, StructureSetInput } from '../../../src/dicom/rtstruct/structure-set-input.ts';
import { implicitVrLittleEndian } from '../../../src/dicom/transfer-syntax.ts';
import { maskContours } from '../../../worker/contours/roi-contours.ts';
import type { Grid, Mask } from '../../../worker/volume/volume.ts';
import type { Cleanup } from '../../support/cleanup.ts';

const ctClass = '1.2.840.10008.5.1.4.1.1.2';
export const ctSeriesUid = '2.25.1002';
export const frameUid = '2.25.1003';

/** 48 × 40 × 12 voxels with coordinates of many digits. */
export const exampleGrid: Grid = {
  size: [48, 40, 12],
  spacing: [0.976562, 1.25],
  origin: [-23.4375, -187.125],
  z: Float64Array.from({ length: 12 }, (_, k) => -130.3333333333 + 2.5 * k),
};

/** A CT image file of the grid, of one HU value everywhere. */
export function ctImage(grid: Grid, k: number): Buffer {
  const [nx, ny] = grid.size;
  const word = (tag: string, value: number): RawElement => ({
    tag,
    vr: 'US',
    bytes: Uint8Array.of(value & 255, value >> 8),
  });
  const sopInstanceUid = `2.25.2000.${k}`;
  const elements = [
    joined('00080005', 'CS', 'ISO_IR 100'),
    joined('00080008', 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'),
    joined('00080016', 'UI', ctClass),
    joined('00080018', 'UI', sopInstanceUid),
    joined('00080020', 'DA', '20260102'),
    joined('00080030', 'TM', '030405'),
    joined('00080050', 'SH', 'A1'),
    joined('00080060', 'CS', 'CT'),
    joined('00080070', 'LO', 'test'),
    joined('00080090', 'PN', 'Gr\u00e4f^Jo'),
    joined('00100010', 'PN', 'M\u00fcller^Ann'),
    joined('00100020', 'LO', 'P 1'),
    joined('00100030', 'DA', '19700101'),
    joined('00100040', 'CS', 'F'),
    joined('00180050', 'DS', '2.5'),
    joined('00180060', 'DS', ''),
    joined('00185100', 'CS', 'HFS'),
    joined('0020000d', 'UI', '2.25.1001'),
    joined('0020000e', 'UI', ctSeriesUid),
    joined('00200010', 'SH', 'S1'),
    joined('00200011', 'IS', '1'),
    joined('00200012', 'IS', '1'),
    joined('00200013', 'IS', String(k + 1)),
    joined(
      '00200032',
      'DS',
      [grid.origin[0], grid.origin[1], grid.z[k]!].map((value) => String(value).slice(0, 16)).join('\\'),
    ),
    joined('00200037', 'DS', '1\\0\\0\\0\\1\\0'),
    joined('00200052', 'UI', frameUid),
    joined('00201040', 'LO', ''),
    word('00280002', 1),
    joined('00280004', 'CS', 'MONOCHROME2'),
    word('00280010', ny),
    word('00280011', nx),
    joined('00280030', 'DS', `${grid.spacing[1]}\\${grid.spacing[0]}`),
    word('00280100', 16),
    word('00280101', 16),
    word('00280102', 15),
    word('00280103', 1),
    joined('00281052', 'DS', '0'),
    joined('00281053', 'DS', '1'),
    joined('00281054', 'LO', 'HU'),
    { tag: '7fe00010', vr: 'OW', bytes: new Uint8Array(nx * ny * 2) },
  ];
  return Buffer.concat([
    fileMetaInformation({ sopClassUid: ctClass, sopInstanceUid, transferSyntaxUid: implicitVrLittleEndian }),
    encode(elements, 'implicit'),
  ]);
}

/** A folder with the CT of the grid, one file a slice; removed at the end. */
export async function ctFolder(t: Cleanup, grid: Grid = exampleGrid): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const k of grid.z.keys())
    await writeFile(join(folder, `ct_${String(k).padStart(3, '0')}.dcm`), ctImage(grid, k));
  return folder;
}

export async function temporaryFolder(t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-rtstruct-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A mask of the voxels for which `inside` says so, in slices 2 to 9. */
export function maskOf(inside: (i: number, j: number, k: number) => boolean, grid: Grid = exampleGrid): Mask {
  const [nx, ny, nz] = grid.size;
  const voxels = new Uint8Array(nx * ny * nz);
  for (let k = 2; k < 10; k++)
    for (let j = 0; j < ny; j++) for (let i = 0; i < nx; i++) voxels[(k * ny + j) * nx + i] = inside(i, j, k) ? 1 : 0;
  return { grid, voxels };
}

const from = (i: number, j: number): number => Math.hypot((i - 22) * 0.976562, (j - 19) * 1.25);

/** A ball-like solid, a ring, and a ring with an island, two more holes and a second piece: what holes can be like. */
export const exampleMasks: Record<string, Mask> = {
  Solid: maskOf((i, j, k) => from(i, j) < 6 + k),
  Ring: maskOf((i, j) => from(i, j) < 15 && from(i, j) > 8),
  Islands: maskOf((i, j, k) => {
    const ring = from(i, j) < 17 && from(i, j) > 11;
    const island = from(i, j) < 6 && from(i, j) > 2.5;
    const hole = Math.hypot(i - 22, j - 8) < 1.5 || Math.hypot(i - 36, j - 19 - k / 4) < 1.2;
    return (ring && !hole) || island || (i > 42 && j < 6);
  }),
};

export function roiOf(name: string, number: number, mask: Mask, holes: HoleMode): RoiInput {
  return {
    number,
    name,
    description: 'a shape',
    interpretedType: 'ORGAN',
    colour: [number * 40, 255, 0],
    holes,
    slices: maskContours(mask),
  };
}

/** What a bundle of this name would send for the example CT. */
export function exampleInput(rois: readonly RoiInput[], changes: Partial<StructureSetInput> = {}): StructureSetInput {
  const grid = exampleGrid;
  return {
    uidRoot: '2.25',
    patientStudy: patientStudyElements(parseDicom(ctImage(grid, 0))),
    ct: {
      studyInstanceUid: '2.25.1001',
      seriesInstanceUid: ctSeriesUid,
      frameOfReferenceUid: frameUid,
      images: Array.from(grid.z, (z, k) => ({
        sopClassUid: ctClass,
        sopInstanceUid: `2.25.2000.${k}`,
        z: Number(String(z).slice(0, 16)),
      })),
    },
    texts: modelTexts({
      bundle: { name: 'example-model', version: '1.2.3', intendedUse: 'research' },
      nodeVersion: '0.1.0',
      revision: 1,
      predecessors: 0,
      lossy: false,
    }),
    stationName: 'CONTOUR',
    date: '20260102',
    time: '030405',
    revision: 1,
    predecessors: [],
    generationAlgorithm: 'AUTOMATIC',
    rois,
    determinants: ['content', 'bundle'],
    ...changes,
  };
}

export function exampleRois(holes: HoleMode): RoiInput[] {
  return Object.entries(exampleMasks).map(([name, mask], index) => roiOf(name, index + 1, mask, holes));
}
