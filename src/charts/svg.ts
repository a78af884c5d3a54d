/** What the charts have in common: scales, lines and texts of an SVG document that stands by itself or in a page. */

/** @param axis what runs upwards, with its unit */
export function chart(
  { width, height, title, axis }: { width: number; height: number; title: string; axis: string },
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escaped(`${title}, ${axis}`)}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(width / 2, 18, title, 'middle'),
    `<text transform="translate(14 ${height / 2}) rotate(-90)" text-anchor="middle">${escaped(axis)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

export function tickText(tick: number): string {
  return String(Number(tick.toPrecision(6)));
}

/** Lowest and highest value, never the same. */
export function rangeOf(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

/** Round numbers (1, 2 or 5 times a power of ten apart) that reach over both ends. */
export function ticksBetween(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(low / step);
  return Array.from({ length: Math.ceil(high / step) - first + 1 }, (_, n) => (first + n) * step);
}

/** Round ticks, and an axis that reaches over both ends and all ticks. */
export function axisOver([low, high]: readonly [number, number]): { ticks: number[]; bottom: number; top: number } {
  const ticks = ticksBetween(low, high);
  return { ticks, bottom: Math.min(low, ...ticks), top: Math.max(high, ...ticks) };
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke: string, dash = ''): string {
  return `<line x1="${number(x1)}" y1="${number(y1)}" x2="${number(x2)}" y2="${number(y2)}" stroke="${stroke}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>`;
}

export function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${number(x)}" y="${number(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

export function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
