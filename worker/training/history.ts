import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../src/work/write-whole.ts';
import { orDiskFull } from '../../src/disk-full.ts';

/** One line of `history.jsonl`. */
export interface EpochRecord {
  /** From 1 on; 0: the weights of `--from` before the first update. */
  readonly epoch: number;
  /** Mean over the epoch's batches; null for epoch 0. */
  readonly loss: number | null;
  readonly learningRate: number;
  /** 3-D Dice per ROI on the validation patients; null where none of them has the ROI. */
  readonly dice: Readonly<Record<string, number | null>>;
  readonly meanDice: number;
  readonly seconds: number;
  /** Share of the training time that was spent waiting for batches. */
  readonly waiting: number;
}

/** An epoch in a line for a terminal. */
export function epochLine({ epoch, loss, learningRate, dice, meanDice, seconds, waiting }: EpochRecord): string {
  const rois = Object.entries(dice).map(([name, value]) => `${name} ${value?.toFixed(3) ?? '-'}`);
  const learned = loss === null ? 'before the first update' : `loss ${loss.toFixed(4)}`;
  return `epoch ${epoch}: ${learned}, Dice ${meanDice.toFixed(4)} (${rois.join(', ')}), rate ${learningRate.toPrecision(3)}, ${seconds.toFixed(0)} s, ${(waiting * 100).toFixed(1)}% waiting`;
}

const historyFile = 'history.jsonl';
const curveFile = 'history.svg';

/** The first `epochs` lines of an earlier run; later ones belong to epochs that will be repeated. */
export async function readHistory(directory: string, epochs: number): Promise<EpochRecord[]> {
  const text = await readFile(join(directory, historyFile), 'utf8').catch(() => '');
  const records = text.split('\n').flatMap((line): EpochRecord[] => {
    try {
      return [JSON.parse(line) as EpochRecord];
    } catch {
      // The last line of a run that was killed.
      return [];
    }
  });
  return records.filter(({ epoch }) => epoch <= epochs);
}

/** Writes `history.jsonl` and the curve `history.svg`, each whole or not at all. */
export async function writeHistory(directory: string, history: readonly EpochRecord[]): Promise<void> {
  const remedy = 'free space and start the same training again: it goes on from its last checkpoint';
  await orDiskFull('no space for the history of the training', remedy, async () => {
    const lines = history.map((record) => `${JSON.stringify(record)}\n`);
    await writeWhole(join(directory, historyFile), lines.join(''));
    await writeWhole(join(directory, curveFile), historyCurve(history));
  });
}

const plot = { left: 46, top: 14, width: 520, height: 250 };

/** Loss (scaled to its largest value) and mean validation Dice over the epochs. */
export function historyCurve(history: readonly EpochRecord[]): string {
  const largestLoss = Math.max(...history.map(({ loss }) => loss ?? 0), 1e-9);
  const last = Math.max(history.length, 2);
  const x = (index: number): number => plot.left + (index / (last - 1)) * plot.width;
  const y = (share: number): number => plot.top + (1 - share) * plot.height;
  const line = (values: readonly (number | null)[], colour: string): string => {
    const points = values
      .flatMap((value, index) => (value === null ? [] : [`${x(index).toFixed(1)},${y(value).toFixed(1)}`]))
      .join(' ');
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points}"/>`;
  };
  const label = (left: number, top: number, text: string, colour = '#444'): string =>
    `<text x="${left}" y="${top}" fill="${colour}" font-family="sans-serif" font-size="11">${text}</text>`;
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<line x1="${plot.left}" x2="${plot.left + plot.width}" y1="${y(share)}" y2="${y(share)}" stroke="#ddd"/>`,
    label(12, y(share) + 4, share.toFixed(2)),
  ]);
  const bottom = plot.top + plot.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${plot.left + plot.width + 20}" height="${bottom + 44}">`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...grid,
    line(
      history.map(({ loss }) => (loss === null ? null : loss / largestLoss)),
      '#c0392b',
    ),
    line(
      history.map(({ meanDice }) => meanDice),
      '#1f6fb2',
    ),
    label(plot.left, bottom + 16, String(history[0]?.epoch ?? 1)),
    label(plot.left + plot.width - 20, bottom + 16, `epoch ${history.at(-1)?.epoch ?? 0}`),
    label(plot.left, bottom + 34, `training loss (1 on the axis is ${largestLoss.toFixed(3)})`, '#c0392b'),
    label(plot.left + 260, bottom + 34, 'mean Dice of the validation patients', '#1f6fb2'),
    '</svg>',
    '',
  ].join('\n');
}
