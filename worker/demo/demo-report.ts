import { ContourNodeError } from '../../src/errors.ts';
import type { Demo, Stage } from './run-demo.ts';

/** What a phantom's targets are compared by: the tumour that the model contours, and what the recipe derives from it. */
const [tumour, ...derived] = ['GTVp', 'CTVp', 'PTV'] as const;
const leastDsc = 0.9;

/** A stage in a line for a terminal. */
export function stageLine({ name, seconds, detail }: Stage): string {
  return `${name.padEnd(9)} ${seconds.toFixed(1).padStart(6)} s  ${detail}`;
}

/** What a demonstration ended with, for a terminal. @param keeps it goes on running: its page can be looked at */
export function demoText({ rois, structureSet, picture, dashboard }: Demo, keeps: boolean): string {
  const rows = rois.map(({ name, volumeCm3, slices, dsc }) => [
    name,
    volumeCm3.toFixed(1),
    String(slices),
    dsc?.toFixed(3) ?? '-',
  ]);
  const lines = [['ROI', 'cm3', 'slices', 'DSC'], ...rows].map(([name = '', volume = '', slices = '', dsc = '']) =>
    [name.padEnd(16), volume.padStart(7), slices.padStart(7), dsc.padStart(6)].join(' '),
  );
  const page = keeps ? [`page       ${dashboard}`] : [];
  return ['', ...lines, '', `RTSTRUCT   ${structureSet}`, `picture    ${picture}`, ...page].join('\n');
}

/** The same as one JSON document. */
export function demoJson(demo: Demo, keeps: boolean, failure?: ContourNodeError): string {
  const { stages, rois, structureSet, picture, dashboard } = demo;
  const ok = failure === undefined;
  const failed = ok ? {} : { failure: failure.message };
  return JSON.stringify(
    { ok, ...failed, stages, rois, structureSet, picture, ...(keeps && { dashboard }) },
    undefined,
    2,
  );
}

/** Why a demonstration on a phantom failed although a structure set arrived: DEMO_FAILED, or undefined. */
export function shortfall({ rois, picture, recipe }: Demo): ContourNodeError | undefined {
  for (const target of recipe === undefined ? [tumour] : [tumour, ...derived]) {
    const dsc = rois.find(({ name }) => name.startsWith(target))?.dsc;
    // Another model need not know the tumour.
    if (dsc === undefined ? recipe === undefined : dsc >= leastDsc) continue;
    const what =
      dsc === undefined
        ? `the TPS received no ${target}`
        : `${target}: DSC ${dsc.toFixed(3)} against the truth, expected at least ${leastDsc.toFixed(2)}`;
    return new ContourNodeError('DEMO_FAILED', what, { remedy: `look at ${picture}` });
  }
  return undefined;
}
