import { percentile } from './percentile.ts';
import { axisOver, chart, line, number, rangeOf, text, tickText } from './svg.ts';

/** One box of a figure. */
export interface Box {
  readonly label: string;
  /** CSS colour. */
  readonly colour: string;
  readonly values: readonly number[];
}

const leastWidth = 420;
/** Of a letter of a label, about. */
const letter = 6.5;
const height = 300;
const margin = { left: 68, right: 12, top: 34, bottom: 40 };

/**
 * Box plot as an SVG document, as the paper has them: the box from the 25th to the 75th percentile, a line at the
 * median, whiskers at the 10th and 90th, a dot for each value beyond.
 *
 * @param range ends of the axis; by the values where it is absent
 */
export function boxPlot(title: string, axis: string, boxes: readonly Box[], range?: readonly [number, number]): string {
  const shown = boxes.filter(({ values }) => values.length > 0);
  const { ticks, bottom, top } = axisOver(range ?? rangeOf(shown.flatMap(({ values }) => values)));
  const y = (value: number): number =>
    margin.top + ((top - value) / (top - bottom)) * (height - margin.top - margin.bottom);
  // Wider where the labels would run into each other.
  const longest = Math.max(0, ...shown.map(({ label }) => label.length));
  const width = Math.max(leastWidth, Math.ceil(margin.left + margin.right + shown.length * (longest * letter + 10)));
  const step = (width - margin.left - margin.right) / Math.max(1, shown.length);
  const parts = ticks.flatMap((tick) => [
    line(margin.left, y(tick), width - margin.right, y(tick), '#ddd'),
    text(margin.left - 6, y(tick) + 4, tickText(tick), 'end'),
  ]);
  for (const [index, { label, colour, values }] of shown.entries()) {
    const centre = margin.left + (index + 0.5) * step;
    const half = Math.min(32, step * 0.3);
    const at = (percent: number): number => y(percentile(values, percent));
    parts.push(
      line(centre, at(10), centre, at(25), '#333'),
      line(centre, at(75), centre, at(90), '#333'),
      line(centre - half / 2, at(10), centre + half / 2, at(10), '#333'),
      line(centre - half / 2, at(90), centre + half / 2, at(90), '#333'),
      `<rect x="${number(centre - half)}" y="${number(at(75))}" width="${number(2 * half)}" height="${number(Math.max(0.5, at(25) - at(75)))}" fill="${colour}" fill-opacity="0.5" stroke="#333"/>`,
      line(centre - half, at(50), centre + half, at(50), '#000'),
      text(centre, height - margin.bottom + 16, label, 'middle'),
      text(centre, height - margin.bottom + 30, `n = ${values.length}`, 'middle'),
    );
    const [p10, p90] = [percentile(values, 10), percentile(values, 90)];
    for (const value of values.filter((one) => one < p10 || one > p90)) {
      parts.push(`<circle cx="${number(centre)}" cy="${number(y(value))}" r="2" fill="none" stroke="#333"/>`);
    }
  }
  return chart({ width, height, title, axis }, parts);
}
