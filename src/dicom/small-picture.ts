import type { CtHeader } from './ct-header.ts';
import type { DicomFile } from './data-set.ts';
import { ctHeaderOfFrame } from './enhanced-ct.ts';
import { storedValuesOf } from './pixel-data.ts';

/** An image made small, to be told from others at a glance; not to be read as a CT. */
export interface SmallPicture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly rgb: Uint8Array;
}

/** Pixels of the longer side. */
const largest = 96;
/** HU of black and of white: soft tissue and the edge of lung and bone. */
const window = { low: -200, high: 300 } as const;

/**
 * Any image that a series may hold: CT numbers in a soft-tissue window, other grey values between their extremes, colours
 * as they are.
 * @param frame of a multi-frame instance, from 1
 * @throws PIXEL_DECODING and as ctHeaderOfFrame; undefined where nothing here shows such pixels
 */
export async function smallPicture(file: DicomFile, frame?: number): Promise<SmallPicture | undefined> {
  const header = ctHeaderOfFrame(file, frame);
  const { rows, columns } = header;
  if (!(rows > 0 && columns > 0)) return undefined;
  const levels = header.bitsAllocated === 8 ? bytesOf(file, header) : await greyOf(file, header, frame);
  if (levels === undefined) return undefined;
  const factor = Math.max(1, Math.max(rows, columns) / largest);
  const [width, height] = [Math.max(1, Math.round(columns / factor)), Math.max(1, Math.round(rows / factor))];
  const rgb = new Uint8Array(width * height * 3);
  const samples = levels.length / (rows * columns);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = span(y, height, rows);
    for (let x = 0; x < width; x++) {
      const [left, right] = span(x, width, columns);
      for (let band = 0; band < 3; band++) {
        let sum = 0;
        for (let j = top; j < bottom; j++)
          for (let i = left; i < right; i++) sum += levels[(j * columns + i) * samples + (samples === 3 ? band : 0)]!;
        rgb[(y * width + x) * 3 + band] = sum / ((bottom - top) * (right - left));
      }
    }
  }
  return { width, height, rgb };
}

/** The pixels of the large image that one of the small one stands for, at least one. */
function span(index: number, small: number, large: number): [from: number, to: number] {
  const from = Math.floor((index * large) / small);
  return [from, Math.max(from + 1, Math.floor(((index + 1) * large) / small))];
}

async function greyOf(file: DicomFile, header: CtHeader, frame?: number): Promise<Uint8Array> {
  const values = await storedValuesOf(file, frame);
  const isCt = Number.isFinite(header.slope) && Number.isFinite(header.intercept);
  const [slope, intercept] = isCt ? [header.slope, header.intercept] : [1, 0];
  const [low, high] = isCt ? [window.low, window.high] : extremes(values);
  const levels = Uint8ClampedArray.from(
    values,
    (value) => ((value * slope + intercept - low) / Math.max(1, high - low)) * 255,
  );
  return new Uint8Array(levels.buffer);
}

/** Grey or red, green, blue, uncompressed and pixel by pixel, as report pages are stored. */
function bytesOf(file: DicomFile, { rows, columns, samplesPerPixel }: CtHeader): Uint8Array | undefined {
  const { offset = 0, length } = file.pixelData ?? {};
  const needed = rows * columns * samplesPerPixel;
  const isByPixel = samplesPerPixel === 1 || (samplesPerPixel === 3 && file.numbers('00280006')[0] !== 1);
  if (length === undefined || length < needed || !isByPixel) return undefined;
  return file.bytes.subarray(offset, offset + needed);
}

function extremes(values: Int32Array): [low: number, high: number] {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}
