import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema, type Route } from '../../../src/config/schema.ts';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { matchRoute, type RoutingSubject } from '../../../src/intake/complete/routing.ts';
import { ctSliceFile } from '../../support/ct-slice.ts';

function routes(...when: Record<string, unknown>[]): Route[] {
  return configSchema.parse({ routes: when.map((one, i) => ({ name: `r${i}`, when: one, models: ['m'] })) }).routes;
}

function subject(changes: Partial<RoutingSubject> = {}, protocol = 'HN 3mm'): RoutingSubject {
  const header = parseDicom(ctSliceFile({ series: '1.2.3', number: 7, protocol }));
  return { callingAe: 'CT1', calledAe: 'CONTOUR', address: '10.1.2.3', header, ...changes };
}

function chosen(route: Record<string, unknown>, of = subject()): boolean {
  return matchRoute(routes(route), of) !== undefined;
}

test('the first route that matches wins; one without conditions takes everything', () => {
  assert.equal(matchRoute(routes({ callingAe: 'CT2' }, {}, { callingAe: 'CT1' }), subject())?.name, 'r1');
  assert.equal(matchRoute(routes({ callingAe: 'CT2' }), subject()), undefined);
});

test('titles match exactly, addresses by themselves or by range', () => {
  assert.ok(chosen({ callingAe: 'CT1', calledAe: 'CONTOUR' }));
  assert.ok(!chosen({ callingAe: 'ct1' }));
  assert.ok(chosen({ address: '10.1.0.0/16' }));
  assert.ok(chosen({ address: '10.1.2.3' }));
  assert.ok(!chosen({ address: '10.2.0.0/16' }));
  assert.ok(!chosen({ address: 'fd00::/8' }));
  assert.ok(chosen({ address: '10.1.0.0/16' }, subject({ address: '::ffff:10.1.2.3' })));
});

test('attributes: equal, regular expression, range; several conditions hold together', () => {
  const protocol = (condition: object) => ({ attributes: [{ tag: 'ProtocolName', ...condition }] });
  assert.ok(chosen(protocol({ equals: 'HN 3mm' })));
  assert.ok(!chosen(protocol({ equals: 'HN' })));
  assert.ok(chosen(protocol({ matches: '^HN' })));
  assert.ok(!chosen(protocol({ matches: '^head' })));
  assert.ok(
    chosen({
      attributes: [
        { tag: '0020,0013', range: [5, 8] },
        { tag: '00280010', range: [16, 16] },
      ],
    }),
  );
  assert.ok(
    !chosen({
      attributes: [
        { tag: 'InstanceNumber', range: [5, 8] },
        { tag: 'Rows', range: [17, 20] },
      ],
    }),
  );
});

test('one of several values is enough; an absent attribute is the empty text and no number', () => {
  assert.ok(chosen({ attributes: [{ tag: 'ImageType', equals: 'AXIAL' }] }));
  assert.ok(chosen({ attributes: [{ tag: 'ImageType', equals: 'ORIGINAL\\PRIMARY\\AXIAL' }] }));
  assert.ok(chosen({ attributes: [{ tag: 'BodyPartExamined', equals: '' }] }));
  assert.ok(!chosen({ attributes: [{ tag: 'KVP', range: [0, 1000] }] }));
  assert.ok(!chosen({ attributes: [{ tag: 'StudyDescription', matches: '.' }] }));
});

test('text is compared in its own character set', () => {
  const header = parseDicom(
    ctSliceFile({ series: '1.2.3', number: 1, patient: 'Müller^Jörg', characterSet: 'ISO_IR 192' }),
  );
  assert.ok(chosen({ attributes: [{ tag: 'PatientName', matches: '^Müller' }] }, subject({ header })));
});
