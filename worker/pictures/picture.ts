import { PNG } from 'pngjs';
import { glyph, glyphHeight, glyphWidth } from './font.ts';

export type Colour = readonly [number, number, number];

/** A rectangle of a picture, in pixels. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An RGB picture; everything drawn outside of it is cut off. */
export class Picture {
  readonly width: number;
  readonly height: number;
  readonly #pixels: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#pixels = new Uint8Array(width * height * 3);
  }

  /** @param share 0: as it was, 1: all colour */
  blend(x: number, y: number, colour: Colour, share = 1): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = (y * this.width + x) * 3;
    for (let band = 0; band < 3; band++)
      this.#pixels[at + band] = this.#pixels[at + band]! * (1 - share) + colour[band]! * share;
  }

  box(frame: Frame, colour: Colour): void {
    for (let y = frame.y; y < frame.y + frame.height; y++) {
      for (let x = frame.x; x < frame.x + frame.width; x++) this.blend(x, y, colour);
    }
  }

  /** One line of text, two pixels a dot; (x, y) is its upper left corner. */
  text(x: number, y: number, text: string, colour: Colour, dot = 2): void {
    for (const [position, character] of Array.from(text).entries()) {
      for (const [row, bits] of glyph(character).entries()) {
        for (let column = 0; column < glyphWidth; column++) {
          if (((bits >> (glyphWidth - 1 - column)) & 1) === 0) continue;
          this.box(
            { x: x + (position * (glyphWidth + 1) + column) * dot, y: y + row * dot, width: dot, height: dot },
            colour,
          );
        }
      }
    }
  }

  /**
   * A closed line with smooth edges inside a frame.
   * @param points x0, y0, x1, y1, … in pixels of the picture, pixel centres at whole numbers
   * @param dash length of dash and of gap in pixels; undefined: a continuous line
   */
  ring(points: ArrayLike<number>, colour: Colour, frame: Frame, thickness = 1.4, dash?: number): void {
    const coverage = new Map<number, number>();
    const count = points.length / 2;
    const reach = thickness / 2 + 0.5;
    let travelled = 0;
    for (let n = 0; n < count; n++) {
      const next = (n + 1) % count;
      const [ax, ay, bx, by] = [points[n * 2]!, points[n * 2 + 1]!, points[next * 2]!, points[next * 2 + 1]!];
      const [dx, dy] = [bx - ax, by - ay];
      const length = Math.hypot(dx, dy);
      const fromY = Math.max(frame.y, Math.ceil(Math.min(ay, by) - reach));
      const toY = Math.min(frame.y + frame.height - 1, Math.floor(Math.max(ay, by) + reach));
      const fromX = Math.max(frame.x, Math.ceil(Math.min(ax, bx) - reach));
      const toX = Math.min(frame.x + frame.width - 1, Math.floor(Math.max(ax, bx) + reach));
      for (let y = fromY; y <= toY; y++) {
        for (let x = fromX; x <= toX; x++) {
          const along =
            length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (length * length)));
          if (dash !== undefined && Math.floor((travelled + along * length) / dash) % 2 === 1) continue;
          const share = Math.min(1, reach - Math.hypot(x - ax - along * dx, y - ay - along * dy));
          if (share <= 0) continue;
          const at = y * this.width + x;
          coverage.set(at, Math.max(share, coverage.get(at) ?? 0));
        }
      }
      travelled += length;
    }
    for (const [at, share] of coverage) this.blend(at % this.width, Math.floor(at / this.width), colour, share);
  }

  toPng(): Buffer {
    const png = new PNG({ width: this.width, height: this.height });
    png.data = Buffer.from(this.#pixels.buffer);
    // RGB as it is; one filter (Up) for all rows instead of five tried for each.
    return PNG.sync.write(png, { inputColorType: 2, colorType: 2, inputHasAlpha: false, filterType: 2 });
  }
}

/** Width in pixels of a line of text. */
export function textWidth(text: string, dot = 2): number {
  return Array.from(text).length * (glyphWidth + 1) * dot;
}

export const textHeight = glyphHeight * 2;
