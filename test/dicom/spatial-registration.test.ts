import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inverse, product, transformed } from '../../src/dicom/affine.ts';
import { disagreement, waysBetween } from '../../src/dicom/frame-ways.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { checkRegistration, itemMatrix, spatialRegistrationOf } from '../../src/dicom/spatial-registration.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { identityMatrix, registrationFile, shiftMatrix } from '../support/registration-file.ts';

const [ct, mr, pet] = ['1.2.3.901', '1.2.3.902', '1.2.3.903'] as const;
const [cos, sin] = [Math.cos(0.2), Math.sin(0.2)];
/** About z by 0.2 radians, then a shift: a point of the MR at (x, y, z) lies at (x cos - y sin + 10, x sin + y cos - 4, z + 7). */
const mrToCt = [cos, -sin, 0, 10, sin, cos, 0, -4, 0, 0, 1, 7, 0, 0, 0, 1];

function read(matrix: readonly number[] | readonly (readonly number[])[], type = 'RIGID', encoding?: 'explicit') {
  const file = registrationFile({
    series: '1.2.3.4',
    frame: ct,
    items: [
      { frame: ct, matrix: identityMatrix },
      { frame: mr, matrix, type },
    ],
    ...(encoding && { encoding }),
  });
  return spatialRegistrationOf(parseDicom(file));
}

function refusal(matrix: readonly number[] | readonly (readonly number[])[], type?: string): string {
  try {
    checkRegistration(read(matrix, type));
  } catch (error) {
    assert.ok(error instanceof ContourNodeError && error.code === 'SERIES_REGISTRATION');
    return error.message;
  }
  return '';
}

test('a registration takes a point of the frame that its item names to its own frame of reference (PS3.3 C.20.2.1.1)', () => {
  for (const encoding of [undefined, 'explicit'] as const) {
    const registration = read(mrToCt, 'RIGID', encoding);
    assert.equal(registration.frameOfReferenceUid, ct);
    assert.deepEqual(
      registration.items.map(({ frameOfReferenceUid }) => frameOfReferenceUid),
      [ct, mr],
    );
    checkRegistration(registration);
    const matrix = itemMatrix(registration.items[1]!);
    const [x, y, z] = transformed(matrix, [100, 50, -20]);
    for (const [value, expected] of [
      [x, 100 * cos - 50 * sin + 10],
      [y, 100 * sin + 50 * cos - 4],
      [z, -13],
    ] as const)
      assert.ok(Math.abs(value - expected) < 1e-5, `${value} instead of ${expected}`);

    const links = [{ registration: 'r', from: mr, to: ct, matrix }];
    const [way] = waysBetween(links, ct, mr);
    const back = transformed(way!.matrix, [x, y, z]);
    for (const [i, expected] of [100, 50, -20].entries()) assert.ok(Math.abs(back[i]! - expected) < 1e-5);
    // The other way round is another place: nobody would notice by the numbers alone.
    const wrong = transformed(waysBetween(links, mr, ct)[0]!.matrix, [x, y, z]);
    assert.ok(Math.hypot(wrong[0] - 100, wrong[1] - 50, wrong[2] + 20) > 15);
  }
});

test('a matrix that is not what its type says is refused in words (CS 8.1.4)', () => {
  const sheared = [1, 0.05, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const scaled = [1.05, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const mirrored = [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const of = 'the matrix of item 2 of 2';
  assert.equal(refusal(sheared), `${of} shears the image, although its type is RIGID`);
  assert.equal(refusal(sheared, 'RIGID_SCALE'), `${of} shears the image, although its type is RIGID_SCALE`);
  assert.equal(refusal(sheared, 'AFFINE'), '');
  assert.equal(refusal(scaled), `${of} scales the image, although its type is RIGID`);
  assert.equal(refusal(scaled, ''), `${of} scales the image, although its type is not given`);
  assert.equal(refusal(scaled, 'RIGID_SCALE'), '');
  for (const type of ['RIGID', 'RIGID_SCALE', 'AFFINE'])
    assert.equal(refusal(mirrored, type), `${of} mirrors the patient`);
  assert.equal(
    refusal(
      identityMatrix.map((value, i) => (i % 5 === 0 && i < 15 ? 2 * value : value)),
      'AFFINE',
    ),
    `${of} changes the volume of the patient by a factor of 8.0`,
  );
  // The volume stays: 4 x 0.5 x 0.5.
  const flattened = [4, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1];
  const askew = [1, 0.3, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  for (const type of ['RIGID_SCALE', 'AFFINE'])
    assert.equal(refusal(flattened, type), `${of} stretches the patient by a factor of 4.0`);
  assert.equal(refusal(askew, 'AFFINE'), `${of} shears the patient by more than 9 degrees`);
  assert.equal(refusal(mrToCt.slice(0, 12)), `${of} is not made of 16 numbers`);
  assert.equal(refusal([...mrToCt.slice(0, 12), 0, 0, 1, 1]), `${of} does not end with 0 0 0 1`);
  assert.equal(refusal(mrToCt, 'WARPED'), `${of} has a type that is none of RIGID, RIGID_SCALE and AFFINE`);
  // Six digits, as many systems write, are rigid enough.
  assert.equal(refusal(mrToCt.map((value) => Number(value.toFixed(6)))), '');
});

test('several matrices in sequence are taken only where their order makes no difference (CS 8.1.4)', () => {
  const turn = [cos, -sin, 0, 0, sin, cos, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const shift = shiftMatrix(0, 0, 12);
  const alongAxis = itemMatrix(read([shift, turn]).items[1]!);
  assert.deepEqual(
    transformed(alongAxis, [1, 0, 0]).map((value) => Math.round(value * 1e6) / 1e6),
    [cos, sin, 12].map((value) => Math.round(value * 1e6) / 1e6),
  );
  assert.match(
    refusal([shiftMatrix(50, 0, 0), turn]),
    /^item 2 of 2 has 2 matrices, and their order changes the result by \d+(\.\d+)? mm$/,
  );
});

test('an item that moves images within the own frame of the registration is refused', () => {
  const file = registrationFile({
    series: '1.2.3.4',
    frame: ct,
    items: [{ frame: ct, matrix: shiftMatrix(5, 0, 0) }],
  });
  assert.throws(
    () => checkRegistration(spatialRegistrationOf(parseDicom(file))),
    /item 1 of 1 moves images within their own frame of reference/,
  );
});

test('chains and inverses lead from the CT to the MR, and ways that disagree are found by how much', () => {
  const mrToPet = shiftMatrix(1, 2, 3);
  const ctToPet = product(mrToPet, inverse(mrToCt));
  const links = [
    { registration: 'a', from: ct, to: pet, matrix: ctToPet },
    { registration: 'b', from: mr, to: pet, matrix: mrToPet },
  ];
  const ways = waysBetween(links, ct, mr);
  assert.deepEqual(
    ways.map(({ registrations }) => registrations),
    [['a', 'b']],
  );
  const point = transformed(ways[0]!.matrix, transformed(mrToCt, [5, 6, 7]));
  for (const [i, expected] of [5, 6, 7].entries()) assert.ok(Math.abs(point[i]! - expected) < 1e-9);

  const direct = { registration: 'c', from: mr, to: ct, matrix: product(shiftMatrix(0, 3, 4), mrToCt) };
  const both = waysBetween([...links, direct], ct, mr);
  assert.deepEqual(
    both.map(({ registrations }) => registrations),
    [['c'], ['a', 'b']],
  );
  assert.ok(Math.abs(disagreement(both, [[0, 0, 0]]) - 5) < 1e-9);
  assert.deepEqual(waysBetween(links, ct, ct)[0]!.registrations, []);
  assert.deepEqual(waysBetween(links, ct, '1.2.3.999'), []);
});

test('a hundred registrations between three frames are looked at in no time, and more than 256 ways are none', () => {
  const link = (n: number, from: string, to: string) => ({
    registration: String(n),
    from,
    to,
    matrix: shiftMatrix(n, 0, 0),
  });
  const chain = Array.from({ length: 100 }, (_, n) => [link(n, ct, pet), link(n, pet, mr)]).flat();
  const ways = waysBetween(chain, ct, mr);
  assert.equal(ways.length, 257);
  assert.equal(disagreement(ways, [[0, 0, 0]]), Infinity);
  // The same registration a hundred times is one.
  const same = chain.map((one) => ({ ...one, matrix: shiftMatrix(1, 2, 3) }));
  assert.deepEqual(waysBetween(same, ct, mr), [{ matrix: shiftMatrix(2, 4, 6), registrations: ['0', '0'] }]);
  // Five thousand frames that lead nowhere cost nothing.
  const star = Array.from({ length: 5000 }, (_, n) => link(n, `1.2.3.${n + 5000}`, pet));
  assert.deepEqual(
    waysBetween([...star, link(1, ct, pet), link(2, pet, mr)], ct, mr).map(({ registrations }) => registrations),
    [['1', '2']],
  );
});
