import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PNG } from 'pngjs';
import { maskContours } from '../../worker/contours/roi-contours.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { contactSheet, contourRings, polygonRings, type PreviewRoi } from '../../worker/preview/contact-sheet.ts';
import { glyph } from '../../worker/preview/font.ts';
import { Picture } from '../../worker/preview/picture.ts';

const { volume, truth } = generatePhantom(3, { size: 128, slices: 60 });

function roiOf(name: string, colour: readonly [number, number, number]): PreviewRoi {
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
  const png = PNG.sync.read(contactSheet(volume, [left, right], { title: 'phantom', slices: 1 }));
  const meanX = (roi: PreviewRoi): number => {
    const pixels = pixelsOf(png, roi.colour);
    assert.ok(pixels.length > 40, `${roi.name}: ${pixels.length} pixels`);
    return pixels.reduce((sum, { x }) => sum + x, 0) / pixels.length;
  };
  assert.ok(meanX(left) > meanX(right) + 50, 'seen from the feet');
});

test('the contour lies on the edge of what it outlines', () => {
  const grid = {
    size: [64, 64, 1] as const,
    spacing: [2, 2] as const,
    origin: [-63, -63] as const,
    z: Float64Array.of(5),
  };
  const hu = new Int16Array(64 * 64).fill(-1000);
  for (let j = 20; j < 44; j++) hu.fill(300, j * 64 + 16, j * 64 + 48);
  const mask = { grid, voxels: Uint8Array.from(hu, (value) => (value > 0 ? 1 : 0)) };
  const png = PNG.sync.read(
    contactSheet({ grid, hu }, [{ name: 'box', colour: [255, 0, 0], rings: polygonRings(maskContours(mask)) }]),
  );
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
