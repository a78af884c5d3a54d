import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Roi } from '../../src/bundles/manifest.ts';
import { percentile } from '../../src/charts/percentile.ts';
import type { CaseCollection } from './case-cache.ts';
import type { Side } from './split.ts';

/** The data of a training, for a person to read before it runs for hours. */
export interface DataReport {
  readonly patients: Readonly<Record<Side | 'test', number>>;
  readonly cases: readonly {
    readonly place: string;
    readonly side: Side;
    readonly slices: number;
    readonly pixelSpacingMm: number;
    readonly sliceSpacingMm: readonly [number, number];
    readonly coverageMm: number;
    /** cm³ of each ROI that the structure set has. */
    readonly volumesCm3: Readonly<Record<string, number>>;
  }[];
  readonly rois: readonly {
    readonly name: string;
    /** Number of cases that have the ROI. */
    readonly training: number;
    readonly validation: number;
    /** Smallest, median and largest, cm³. */
    readonly volumeCm3: readonly [number, number, number] | undefined;
  }[];
  readonly leftOut: readonly {
    readonly place: string;
    readonly code: string;
    readonly why: string;
    readonly remedy: string;
  }[];
  /** Names of ROIs in the archive that belong to no ROI of the bundle, with the number of structure sets that have each. */
  readonly otherRois: Readonly<Record<string, number>>;
}

export function dataReport(rois: readonly Pick<Roi, 'name'>[], collection: CaseCollection): DataReport {
  const { cases } = collection;
  const patientsOf = (side: Side) =>
    new Set(cases.filter((one) => one.side === side).map(({ patient }) => patient)).size;
  return {
    patients: {
      training: patientsOf('training'),
      validation: patientsOf('validation'),
      test: collection.testPatients,
    },
    cases: cases.map(({ place, side, prepared: { description } }) => {
      const { ct, rois: drawn } = description;
      const volumes = rois.flatMap(({ name }, index) => {
        const roi = drawn[index];
        return roi ? [[name, rounded(roi.volumeCm3)] as const] : [];
      });
      return {
        place,
        side,
        slices: description.ctSlices,
        pixelSpacingMm: ct.pixelSpacingMm,
        sliceSpacingMm: ct.sliceSpacingMm,
        coverageMm: rounded(ct.bodyMm[2]),
        volumesCm3: Object.fromEntries(volumes),
      };
    }),
    rois: rois.map(({ name }, index) => {
      const drawn = cases.filter(({ prepared }) => prepared.description.rois[index]);
      const volumes = drawn.map(({ prepared }) => prepared.description.rois[index]!.volumeCm3);
      const having = (side: Side) => drawn.filter((one) => one.side === side).length;
      const [least, median, most] = [0, 50, 100].map((percent) => rounded(percentile(volumes, percent)));
      return {
        name,
        training: having('training'),
        validation: having('validation'),
        volumeCm3: volumes.length === 0 ? undefined : ([least!, median!, most!] as const),
      };
    }),
    leftOut: collection.leftOut.map(({ place, error }) => ({
      place,
      code: error.code,
      why: error.message,
      remedy: error.remedy,
    })),
    otherRois: Object.fromEntries(collection.otherRois),
  };
}

/** Writes `data-report.json` and `data-report.txt`. They name folders of the archive, which no log may do. */
export async function writeDataReport(directory: string, report: DataReport): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'data-report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(join(directory, 'data-report.txt'), reportText(report));
}

/** The report for a terminal or a text file. */
export function reportText({ patients, cases, rois, leftOut, otherRois }: DataReport): string {
  const range = (values: readonly number[], digits: number): string =>
    values.length === 0 ? '-' : `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
  const count = (side: Side) => {
    const own = cases.filter((one) => one.side === side);
    return `${patients[side]} patients, ${own.length} CT series, ${own.reduce((sum, { slices }) => sum + slices, 0)} slices`;
  };
  const lines = [
    `training         ${count('training')}`,
    `validation       ${count('validation')}`,
    ...(patients.test === 0 ? [] : [`test             ${patients.test} patients, not looked at`]),
    `pixels           ${range(
      cases.map((one) => one.pixelSpacingMm),
      2,
    )} mm`,
    `slice spacing    ${range(
      cases.flatMap((one) => one.sliceSpacingMm),
      2,
    )} mm`,
    `body in the scan ${range(
      cases.map((one) => one.coverageMm),
      0,
    )} mm long`,
    '',
    'ROI               training  validation  cm3: smallest, median, largest',
  ];
  for (const { name, training, validation, volumeCm3 } of rois) {
    const volumes = volumeCm3?.map((volume) => volume.toFixed(1).padStart(8)).join('') ?? '       -';
    lines.push(`${name.padEnd(16)} ${String(training).padStart(9)} ${String(validation).padStart(11)}  ${volumes}`);
  }
  const others = Object.entries(otherRois);
  if (others.length > 0) {
    const named = others.slice(0, 20).map(([name, structureSets]) => `${name} (${structureSets})`);
    lines.push('', `not trained: ${named.join(', ')}${others.length > 20 ? `, and ${others.length - 20} more` : ''}`);
  }
  if (leftOut.length > 0) lines.push('', `left out: ${leftOut.length}`);
  for (const { place, code, why, remedy } of leftOut) lines.push(`  ${place}: ${code}: ${why} (${remedy})`);
  return `${lines.join('\n')}\n`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
