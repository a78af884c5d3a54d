import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fitted, panned, placeAt, projectionOf, zoomedAt } from '../../src/http/assets/plane-projection.js';
import { shownColours } from '../../src/http/assets/roi-colours.js';

const extent = { left: -120, right: 120, top: -100, bottom: 80 };
const canvas = { width: 600, height: 600 };

test('the whole body fits, centred, in one scale for both directions', () => {
  const projection = projectionOf(extent, fitted(extent), canvas);
  assert.equal(projection.scale, 600 / 240);
  assert.deepEqual(placeAt(projection, 300, 300), { across: 0, down: -10 });
  assert.equal(placeAt(projection, 0, 300).across, -120);
});

test('zooming keeps the place under the pointer, again and again', () => {
  let camera = fitted(extent);
  for (const factor of [1.25, 1.25, 2, 0.8]) {
    const before = placeAt(projectionOf(extent, camera, canvas), 470, 120);
    camera = zoomedAt(camera, factor, before, extent);
    const after = placeAt(projectionOf(extent, camera, canvas), 470, 120);
    assert.ok(Math.hypot(after.across - before.across, after.down - before.down) < 1e-9);
  }
  assert.ok(Math.abs(camera.zoom - 2.5) < 1e-9);
});

test('zoomed out, the body is centred again; it is never zoomed to less than the window, nor moved out of it', () => {
  const near = zoomedAt(fitted(extent), 4, { across: 50, down: 20 }, extent);
  assert.deepEqual(zoomedAt(near, 0.1, { across: 50, down: 20 }, extent), fitted(extent));
  const far = panned(near, { across: -10_000, down: 10_000 }, extent);
  assert.deepEqual([far.across, far.down], [extent.right, extent.top]);
});

test('a right organ has clearly another colour than its left twin; others keep theirs', () => {
  const rois: { name: string; colour: [number, number, number] }[] = [
    { name: 'Parotid_L', colour: [0, 255, 0] },
    { name: 'Parotid_R', colour: [0, 200, 0] },
    { name: 'Eye_L', colour: [255, 255, 255] },
    { name: 'Eye_R', colour: [250, 250, 250] },
    { name: 'Lens_L', colour: [255, 0, 0] },
    { name: 'Lens_R', colour: [0, 0, 255] },
    { name: 'Mandible', colour: [200, 200, 200] },
  ];
  const shown = shownColours(rois);
  for (const { name, colour } of rois.filter((roi) => !['Parotid_R', 'Eye_R'].includes(roi.name)))
    assert.deepEqual(shown.get(name), colour, name);
  for (const organ of ['Parotid', 'Eye', 'Lens']) {
    const [left, right] = [shown.get(`${organ}_L`)!, shown.get(`${organ}_R`)!];
    assert.ok(
      Math.hypot(...left.map((value, n) => value - right[n]!)) >= 150,
      `${organ}: ${left.join(' ')} and ${right.join(' ')}`,
    );
  }
});
