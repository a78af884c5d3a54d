import {
  baselineSize,
  type ControlLimits,
  type ControlRule,
  controlLimits,
  controlSignals,
} from './individuals-chart.ts';
import { axisOver, chart, escaped, line, number, rangeOf, text, tickText } from './svg.ts';

/** One value and its day, `2026-11-24`. */
export interface RunPoint {
  readonly day: string;
  readonly value: number;
}

export interface RunChartOptions {
  /** A rule in the reader's language. */
  readonly ruleText: (rule: ControlRule) => string;
  /** Ends of the axis; by the values where it is absent. A limit outside is not drawn. */
  readonly range?: readonly [number, number] | undefined;
  /** Index of the first point that is drawn; those before count for the limits and rules all the same. */
  readonly from?: number;
}

const width = 640;
const height = 260;
const margin = { left: 68, right: 62, top: 34, bottom: 34 };
/** So many of the newest are drawn; the limits come from the first ones all the same. */
const shownPoints = 200;

/**
 * Values in their order as an SVG document, with the individuals chart's centre and limits where the baseline is whole;
 * what signals a change is red and larger, and its title says which rules it breaks.
 */
export function runChart(title: string, axis: string, points: readonly RunPoint[], options: RunChartOptions): string {
  const values = points.map(({ value }) => value);
  const limits = controlLimits(values);
  const signals = limits === undefined ? [] : controlSignals(values, limits);
  const first = Math.max(options.from ?? 0, points.length - shownPoints);
  const shown = points.slice(first);
  const reach = [...shown.map(({ value }) => value), ...(limits === undefined ? [] : [limits.lower, limits.upper])];
  const { ticks, bottom, top } = axisOver(options.range ?? rangeOf(reach));
  const right = width - margin.right;
  const y = (value: number): number =>
    margin.top + ((top - value) / (top - bottom)) * (height - margin.top - margin.bottom);
  const x = (at: number): number => margin.left + ((at - first + 0.5) / shown.length) * (right - margin.left);
  const parts = [
    ...baseline(limits, first, x),
    ...ticks.flatMap((tick) => [
      line(margin.left, y(tick), right, y(tick), '#ddd'),
      text(margin.left - 6, y(tick) + 4, tickText(tick), 'end'),
    ]),
    ...limitLines(limits, [bottom, top], y),
    `<polyline points="${shown.map(({ value }, at) => `${number(x(first + at))},${number(y(value))}`).join(' ')}" fill="none" stroke="#666"/>`,
    ...shown.map(({ value, day }, at) => {
      const broken = signals[first + at] ?? [];
      const [radius, colour] = broken.length > 0 ? [5, '#c00'] : [3, '#1f5fa8'];
      const words = [`${day}: ${tickText(value)}`, ...broken.map(options.ruleText)].join('; ');
      return `<circle cx="${number(x(first + at))}" cy="${number(y(value))}" r="${radius}" fill="${colour}"><title>${escaped(words)}</title></circle>`;
    }),
    text(margin.left, height - 10, shown[0]?.day ?? '', 'start'),
    ...(shown.length > 1 ? [text(right, height - 10, shown.at(-1)!.day, 'end')] : []),
  ];
  return chart({ width, height, title, axis }, parts);
}

/** A grey ground under the values that the limits come from. */
function baseline(limits: ControlLimits | undefined, first: number, x: (at: number) => number): string[] {
  if (limits === undefined || first >= baselineSize) return [];
  const from = x(first - 0.5);
  const size = number(x(baselineSize - 0.5) - from);
  return [
    `<rect x="${number(from)}" y="${margin.top}" width="${size}" height="${height - margin.top - margin.bottom}" fill="#f0f3f7"/>`,
  ];
}

function limitLines(
  limits: ControlLimits | undefined,
  [bottom, top]: readonly [number, number],
  y: (value: number) => number,
): string[] {
  if (limits === undefined) return [];
  const right = width - margin.right;
  return (['lower', 'centre', 'upper'] as const)
    .filter((name) => limits[name] >= bottom && limits[name] <= top)
    .flatMap((name) => [
      line(margin.left, y(limits[name]), right, y(limits[name]), '#a15c00', name === 'centre' ? '' : '6 4'),
      text(right + 4, y(limits[name]) + 4, tickText(Number(limits[name].toPrecision(3))), 'start'),
    ]);
}
