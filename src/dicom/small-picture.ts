import type { CtHeader } from './ct-header.ts';
import type { DicomFile } from './data-set.ts';
import { ctHeaderOfFrame } from './enhanced-ct.ts';
import { storedValueAt } from './pixel-data.ts';

/** An image made small, to be told from others at a glance; not to be read as a CT. */
export interface SmallPicture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly rgb: Uint8Array;
}

/** Pixels of the longer side. */
const largest = 96;
/** Of the pixels that one of the small picture stands for, so many along each side are looked at. */
const samples = 3;
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
  const levelOf = header.bitsAllocated === 8 ? levelOfByte(file, header) : await levelOfGrey(file, header, frame);
  if (levelOf === undefined) return undefined;
  const factor = Math.max(1, Math.max(rows, columns) / largest);
  const [width, height] = [Math.max(1, Math.round(columns / factor)), Math.max(1, Math.round(rows / factor))];
  const rgb = new Uint8ClampedArray(width * height * 3);
  for (let y = 0; y < height; y++) {
    const down = sampled(y, height, rows);
    for (let x = 0; x < width; x++) {
      const across = sampled(x, width, columns);
      for (let band = 0; band < 3; band++) {
        let sum = 0;
        for (const j of down) for (const i of across) sum += levelOf(j * columns + i, band);
        rgb[(y * width + x) * 3 + band] = sum / (down.length * across.length);
      }
    }
  }
  return { width, height, rgb: new Uint8Array(rgb.buffer) };
}

/** 0 to 255, or beyond, of a pixel in one of the three colours. */
type LevelOf = (pixel: number, band: number) => number;

/** Places along one side of the large image that pixel `index` of the small one stands for. */
function sampled(index: number, small: number, large: number): number[] {
  const at = (part: number): number => Math.floor(((index + part) * large) / small);
  const places = Array.from({ length: samples }, (_, n) => at((n + 0.5) / samples));
  return [...new Set(places)];
}

async function levelOfGrey(file: DicomFile, header: CtHeader, frame?: number): Promise<LevelOf> {
  const valueAt = await storedValueAt(file, frame);
  const isCt = Number.isFinite(header.slope) && Number.isFinite(header.intercept);
  const [slope, intercept] = isCt ? [header.slope, header.intercept] : [1, 0];
  const [low, high] = isCt ? [window.low, window.high] : extremes(valueAt, header.rows * header.columns);
  const levelAt = (pixel: number): number =>
    ((valueAt(pixel) * slope + intercept - low) / Math.max(1, high - low)) * 255;
  // Each pixel by itself: the mean of bone and air is no soft tissue.
  return (pixel) => Math.min(255, Math.max(0, levelAt(pixel)));
}

/** Grey or red, green, blue, uncompressed and pixel by pixel, as report pages are stored. */
function levelOfByte(file: DicomFile, { rows, columns, samplesPerPixel }: CtHeader): LevelOf | undefined {
  const { offset = 0, length } = file.pixelData ?? {};
  const isByPixel = samplesPerPixel === 1 || (samplesPerPixel === 3 && file.numbers('00280006')[0] !== 1);
  if (length === undefined || length < rows * columns * samplesPerPixel || !isByPixel) return undefined;
  return (pixel, band) => file.bytes[offset + pixel * samplesPerPixel + (samplesPerPixel === 3 ? band : 0)]!;
}

function extremes(valueAt: (pixel: number) => number, pixels: number): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (let pixel = 0; pixel < pixels; pixel++) {
    low = Math.min(low, valueAt(pixel));
    high = Math.max(high, valueAt(pixel));
  }
  return [low, high];
}
