import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PNG } from 'pngjs';
import { pictureAxes, type PictureAxis } from '../../src/work/picture-files.ts';
import { maskContours } from '../../worker/contours/roi-contours.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { contactSheet, contourRings, polygonRings, type PictureRoi } from '../../worker/pictures/contact-sheet.ts';
import { glyph } from '../../worker/pictures/font.ts';
import { Picture } from '../../worker/pictures/picture.ts';

const { volume, truth } = generatePhantom(3, { size: 128, slices: 60 });

function roiOf(name: string, colour: readonly [number, number, number]): PictureRoi {
  return { name, colour, rings: polygonRings(maskContours(truth.find((structure) => structure.name === name)!.mask)) };
}

/** Where a picture shows (nearly) this colour, below the legend. */
function pixelsOf(png: PNG, [red, green, blue]: readonly [number, number, number]): { x: number; y: number }[] {
  const found: { x: number; y: number }[] = [];
  for (let y = 40; y < png.height; y++) {
    for (let x = 0; x < png.width; x++) {
      const [r, g, b] = png.data.subarray((y * png.width + x) * 4);
      if (Math.abs(r! - red) + Math.abs(g! - green) + Math.abs(b! - blue) < 60) found.push({ x, y });
    }
  }
  return found;
}

test('the contours of every ROI are drawn in its colour, the left parotid right of the right one', () => {
  const [left, right] = [roiOf('Parotid_L', [0, 160, 255]), roiOf('Parotid_R', [0, 255, 0])];
  const png = PNG.sync.read(contactSheet(volume, [left, right], { title: 'phantom', planes: { axial: 1 } }));
  const meanX = (roi: PictureRoi): number => {
    const pixels = pixelsOf(png, roi.colour);
    assert.ok(pixels.length > 40, `${roi.name}: ${pixels.length} pixels`);
    return pixels.reduce((sum, { x }) => sum + x, 0) / pixels.length;
  };
  assert.ok(meanX(left) > meanX(right) + 50, 'seen from the feet');
});

/** Slices 3 mm apart, then 5 mm. */
const grid = {
  size: [64, 64, 24] as const,
  spacing: [2, 2] as const,
  origin: [-63, -63] as const,
  z: Float64Array.from({ length: 24 }, (_, k) => (k < 12 ? 3 * k : 36 + 5 * (k - 12))),
};

type Range = readonly [number, number];

function box(x: Range, y: Range, z: Range): { hu: Int16Array; rings: PictureRoi['rings'] } {
  const hu = new Int16Array(64 * 64 * 24).fill(-1000);
  for (let k = z[0]; k < z[1]; k++)
    for (let j = y[0]; j < y[1]; j++) hu.fill(300, (k * 64 + j) * 64 + x[0], (k * 64 + j) * 64 + x[1]);
  const mask = { grid, voxels: Uint8Array.from(hu, (value) => (value > 0 ? 1 : 0)) };
  return { hu, rings: polygonRings(maskContours(mask)) };
}

for (const axis of pictureAxes) {
  test(`the contour lies on the edge of what it outlines in ${axis} planes`, () => {
    const { hu, rings } = box([16, 48], [20, 44], [5, 17]);
    const roi: PictureRoi = { name: 'box', colour: [255, 0, 0], rings };
    const png = PNG.sync.read(contactSheet({ grid, hu }, [roi], { planes: { [axis]: 2 } }));
    const red = [...Array(png.width * png.height).keys()]
      .filter((at) => at > png.width * 40 && png.data[at * 4]! - png.data[at * 4 + 1]! > 120)
      .map((at) => ({ x: at % png.width, y: Math.floor(at / png.width) }));
    assert.ok(red.length > 200, `${red.length} red pixels`);
    for (const { x, y } of red) {
      const around = [-5, 0, 5].flatMap((across) => [-5, 0, 5].map((down) => [x + across, y + down]));
      const shades = around.map(([u, v]) => png.data[(v! * png.width + u!) * 4 + 1]!);
      assert.ok(
        Math.max(...shades) > 250 && Math.min(...shades) < 5,
        `black on one side, white on the other of (${x}, ${y})`,
      );
    }
  });
}

test("head is up, the patient's left is right, and in sagittal planes the back is", () => {
  const places = {
    right: box([16, 20], [30, 34], [10, 14]),
    left: box([44, 48], [30, 34], [10, 14]),
    front: box([30, 34], [16, 20], [10, 14]),
    back: box([30, 34], [44, 48], [10, 14]),
    foot: box([30, 34], [30, 34], [4, 6]),
    head: box([30, 34], [30, 34], [18, 20]),
  };
  const names = Object.keys(places) as (keyof typeof places)[];
  const rois = names.map((name, n) => ({
    name,
    colour: [255, n * 40, 0] as const,
    rings: places[name].rings,
  }));
  const hu = new Int16Array(64 * 64 * 24).fill(-1000);
  const middle = (axis: PictureAxis, name: keyof typeof places): { x: number; y: number } => {
    const [shown] = rois.filter((roi) => roi.name === name);
    // Many planes in one row each: those that cut it show it at the same place.
    const png = PNG.sync.read(contactSheet({ grid, hu }, rois, { planes: { [axis]: 30 }, columns: 1, tile: 256 }));
    const pixels = [...Array(png.width * png.height).keys()].filter(
      (at) => at > png.width * 120 && shown!.colour.every((value, band) => png.data[at * 4 + band] === value),
    );
    assert.ok(pixels.length > 0, `${name} in ${axis} planes`);
    const top = png.height % 258 === 0 ? 0 : (png.height + 2) % 258;
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      x: mean(pixels.map((at) => at % png.width)),
      y: mean(pixels.map((at) => (Math.floor(at / png.width) - top) % 258)),
    };
  };
  assert.ok(middle('axial', 'left').x > middle('axial', 'right').x + 50);
  assert.ok(middle('axial', 'back').y > middle('axial', 'front').y + 50);
  assert.ok(middle('coronal', 'left').x > middle('coronal', 'right').x + 50);
  assert.ok(middle('coronal', 'foot').y > middle('coronal', 'head').y + 50);
  assert.ok(middle('sagittal', 'back').x > middle('sagittal', 'front').x + 50);
  assert.ok(middle('sagittal', 'foot').y > middle('sagittal', 'head').y + 50);
});

test('contours of a structure set are shown like the polygons they came from; what lies on no slice is left out', () => {
  const { rings } = roiOf('GTVp', [255, 0, 0]);
  const contours = rings.map(({ slice, ring }) => ({
    points: Float64Array.from({ length: (ring.length / 2) * 3 }, (_, at) =>
      at % 3 === 2 ? volume.grid.z[slice]! : ring[Math.floor(at / 3) * 2 + (at % 3)]!,
    ),
  }));
  assert.deepEqual(contourRings(contours, volume.grid), rings);
  assert.deepEqual(contourRings([{ points: Float64Array.of(0, 0, 5000, 1, 0, 5000, 1, 1, 5000) }], volume.grid), []);
});

test('slices are taken from where contours are; without any, from the whole scan', () => {
  const drawn = PNG.sync.read(contactSheet(volume, [roiOf('Mandible', [255, 200, 0])]));
  const empty = PNG.sync.read(contactSheet(volume, []));
  assert.equal(drawn.width, 4 * 258 - 2);
  assert.equal(empty.height, 4 + 3 * 258 - 2);
  assert.ok(pixelsOf(drawn, [255, 200, 0]).length > 300);
});

test('many ROI names wrap into further legend lines', () => {
  const rois = Array.from({ length: 12 }, (_, n) => ({
    name: `Structure_${n}`,
    colour: [200, 50, 50] as const,
    rings: [],
  }));
  const [one, twelve] = [rois.slice(0, 1), rois].map((shown) => PNG.sync.read(contactSheet(volume, shown)).height) as [
    number,
    number,
  ];
  assert.ok(twelve > one + 40);
});

test('text: upper and lower case read alike, an unknown character shows as a question mark', () => {
  assert.deepEqual(glyph('a'), glyph('A'));
  assert.deepEqual(glyph('王'), glyph('?'));
  assert.deepEqual(glyph(' '), []);
  assert.notDeepEqual(glyph('8'), glyph('B'));
});

test('dashes leave gaps, and nothing is drawn outside of its frame', () => {
  const draw = (dash?: number): number => {
    const picture = new Picture(60, 60);
    picture.ring([5, 5, 100, 5, 100, 50, 5, 50], [255, 255, 255], { x: 0, y: 0, width: 40, height: 60 }, 1.4, dash);
    const { data } = PNG.sync.read(picture.toPng());
    const lit = [...Array(60 * 60).keys()].filter((at) => data[at * 4]! > 100);
    assert.ok(lit.every((at) => at % 60 < 40));
    return lit.length;
  };
  assert.ok(draw(5) < 0.7 * draw() && draw(5) > 0.3 * draw());
});
