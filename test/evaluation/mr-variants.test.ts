import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { transformed } from '../../src/dicom/affine.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { evaluatedModels, withVariants } from '../../worker/evaluation/evaluated-models.ts';
import type { EvaluationRow } from '../../worker/evaluation/evaluate-patient.ts';
import { evaluationMarkdown } from '../../worker/evaluation/evaluation-tables.ts';
import { inputsOf, inputVariants } from '../../worker/evaluation/input-variant.ts';
import { cylinderInMr } from '../support/synthetic-mr.ts';

async function load(t: TestContext, name: string) {
  const loaded = await loadBundle(name, 'models', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => loaded.engine.close());
  return loaded;
}

test('a bundle that sees an MR is evaluated also without it and with it beside its place; one of the CT alone once', async (t) => {
  const models = evaluatedModels([await load(t, 'phantom-gtvp-mr'), await load(t, 'phantom-gtvp')]);
  const all = withVariants(models, inputVariants(true, [5, 10]));
  assert.deepEqual(
    all.map(({ label }) => label),
    [
      'phantom-gtvp-mr',
      'phantom-gtvp',
      'phantom-gtvp-mr, CT alone',
      'phantom-gtvp-mr, 5 mm off',
      'phantom-gtvp-mr, 10 mm off',
    ],
  );
  const given = [{ ...cylinderInMr({ centre: [0, 0], radii: [9, 9] }, []), name: 'MR', how: 'registration' as const }];
  const places = all.map(({ variant }) => inputsOf(variant, given).map(({ fromCt }) => transformed(fromCt, [0, 0, 0])));
  assert.deepEqual(places[2], []);
  const off = [0, 3, 4].map((n) => Math.hypot(...places[n]![0]!.map((value, axis) => value - places[0]![0]![axis]!)));
  for (const [n, mm] of [0, 5, 10].entries()) assert.ok(Math.abs(off[n]! - mm) < 1e-9);
});

test('each further model is tested against the first', () => {
  const dice = { first: [0.9, 0.8, 0.85, 0.88], second: [0.9, 0.8, 0.85, 0.88], third: [0.5, 0.42, 0.44, 0.47] };
  const rows = Object.entries(dice).flatMap(([model, values]) =>
    values.map((dsc, patient): EvaluationRow => {
      const comparison = {
        status: 'ok',
        referenceCm3: 20,
        testCm3: 20,
        dsc,
        ji: dsc,
        asd: 1,
        hd: 1,
        hd95: 1,
        surfaceDsc: 1,
      };
      return { patient: String(patient), roi: 'GTVp', model, comparison } as EvaluationRow;
    }),
  );
  const report = evaluationMarkdown(rows, {
    command: 'evaluate',
    date: '2026-11-29',
    toleranceMm: 2,
    models: [],
    runs: [],
    leftOut: 0,
    choseTheEpoch: 0,
  });
  assert.match(report, /\| p, paired t-test, with second \| 4 \| \| \| -/);
  assert.match(report, /\| p, paired t-test, with third \| 4 \| \| \| <0.001/);
});
