import { median, type Row } from './row.ts';
import type { GpuCheck } from './run-gpu-check.ts';

export interface Verdict {
  /** 0 something ran, 1 something failed, 2 no card or no package for one. */
  readonly exitCode: 0 | 1 | 2;
  readonly text: string;
}

const inWords = { ran: 'ran', failed: 'failed', absent: 'not there' } as const;

/** What the check comes to, in a sentence. */
export function verdictOf({
  cpuOnly,
  cards,
  why,
  remedy,
  rows,
}: Pick<GpuCheck, 'cpuOnly' | 'cards' | 'why' | 'remedy' | 'rows'>): Verdict {
  const names = (outcome: Row['outcome'], of = rows) => of.filter((row) => row.outcome === outcome).map(nameOf);
  const failed = names('failed');
  const ran = names('ran', cpuOnly ? rows : rows.filter(({ device }) => device !== 'cpu'));
  if (!cpuOnly && cards.length === 0) {
    return remedy === undefined
      ? {
          exitCode: 2,
          text: `No NVIDIA card here (${why}): nothing was measured. --device cpu runs every step on the CPU.`,
        }
      : { exitCode: 1, text: `No card can be used: ${why}. What to do: ${remedy}.` };
  }
  if (failed.length > 0) return { exitCode: 1, text: `Failed: ${failed.join(', ')}. What to do stands above.` };
  if (ran.length > 0) {
    const where = cpuOnly ? 'on the CPU; this says nothing about a card' : 'on the card';
    return { exitCode: 0, text: `Every step ran ${where}: ${ran.join(', ')}.` };
  }
  return { exitCode: 2, text: 'There is a card, but no package for it: run ./setup --gpu, then this again.' };
}

/** For a terminal: the machine, one table, the reasons, the verdict. */
export function gpuCheckText(check: GpuCheck): string {
  const { machine, cards, why, rows } = check;
  const onCpu = (engine: Row['engine']) => rows.find((row) => row.engine === engine && row.device === 'cpu');
  const inference = medianOf(onCpu('onnxruntime')?.inference);
  const training = medianOf(onCpu('tensorflow')?.training);
  const table = [
    [
      'engine',
      'outcome',
      'golden output',
      'inference',
      'of the CPU',
      'one update',
      'of the CPU',
      'memory',
      'on the card',
    ],
    ...rows.map((row) => [
      nameOf(row),
      inWords[row.outcome],
      row.goldenDifference === undefined ? '-' : `within ${row.goldenDifference.toExponential(1)}`,
      inSeconds(medianOf(row.inference)),
      ratio(medianOf(row.inference), inference),
      inSeconds(medianOf(row.training)),
      ratio(medianOf(row.training), training),
      gigabytes(largest(row.inference?.memory, row.training?.memory)),
      gigabytes(row.cardMemory),
    ]),
  ];
  const lines = [
    `contour-node ${check.versions.contourNode}, Node ${check.versions.node}`,
    `processor   ${machine.processor}, ${machine.cores} threads, ${gigabytes(machine.memory)}`,
    ...(cards.length > 0
      ? cards.map(({ name, memory, driver }) => `card        ${name}, ${gigabytes(memory)}, driver ${driver}`)
      : []),
    ...(why === undefined ? [] : [`card        none: ${why}`]),
    ...(rows.every(({ outcome }) => outcome === 'absent') ? [] : whatIsMeasured(check)),
    '',
    ...aligned(table),
    '',
    ...rows.flatMap(reasons),
    verdictOf(check).text,
  ];
  return `${lines.join('\n')}\n`;
}

function whatIsMeasured({ bundle, amounts: { slices, repeats, updates }, batch }: GpuCheck): string[] {
  return [
    `inference   ${bundle.name} ${bundle.version}, ${slices} slices at once, median of ${repeats}; compared with onnxruntime on the CPU in this run`,
    `one update  training on phantoms, ${batch} slices, median of ${updates}; compared with tensorflow on the CPU in this run`,
  ];
}

function nameOf({ engine, device }: Row): string {
  return `${engine} ${device}`;
}

function reasons(row: Row): string[] {
  return row.problems.flatMap(({ step, message, remedy }) => [
    `${nameOf(row)}: ${step === undefined ? inWords.absent : `failed in ${step}`}: ${message}`,
    `  what to do: ${remedy}`,
  ]);
}

function medianOf(measured: { readonly seconds: readonly number[] } | undefined): number | undefined {
  return measured && median(measured.seconds);
}

function largest(...values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function inSeconds(value: number | undefined): string {
  return value === undefined ? '-' : `${value.toPrecision(3)} s`;
}

function ratio(value: number | undefined, of: number | undefined): string {
  return value === undefined || of === undefined ? '-' : (value / of).toPrecision(2);
}

function gigabytes(bytes: number | undefined): string {
  return bytes === undefined ? '-' : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Columns as wide as their widest text. */
function aligned(table: readonly (readonly string[])[]): string[] {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
