import assert from 'node:assert/strict';
import { test } from 'node:test';
import dcmjs from 'dcmjs';
import { writtenAttributes } from '../../docs/generate/rtstruct-attributes.ts';
import type { DataElement } from '../../src/dicom/rtstruct/data-element.ts';
import { structureSetElements } from '../../src/dicom/rtstruct/structure-set-modules.ts';
import { exampleInput, exampleRois } from '../dicom/rtstruct/example-structure-set.ts';

const { dictionary } = dcmjs.data.DicomMetaDictionary;

function keyword(tag: string): string {
  return dictionary[`(${tag.slice(0, 4)},${tag.slice(4)})`.toUpperCase()]?.name ?? tag;
}

function paths(elements: readonly DataElement[], before = ''): string[] {
  return elements.flatMap((element) => {
    const path = before + keyword(element.tag);
    return 'items' in element ? [path, ...element.items.flatMap((item) => paths(item, `${path} > `))] : [path];
  });
}

/** Optional attributes of the CT that a structure set takes over. */
const optional = [
  ['00080005', 'CS', 'ISO_IR 100'],
  ['00081030', 'LO', 'PLANNING'],
  ['00100021', 'LO', 'CLINIC'],
  ['00100032', 'TM', '0102'],
  ['00101010', 'AS', '066Y'],
  ['00101020', 'DS', '1.7'],
  ['00101030', 'DS', '70'],
] as const;

test('the table of the conformance statement names every attribute that is written, and no other (CS 8.1.1)', () => {
  const input = exampleInput(exampleRois('keyhole'), { predecessors: ['2.25.1'] });
  const patientStudy = [
    ...input.patientStudy.filter(({ tag }) => !optional.some(([other]) => other === tag)),
    ...optional.map(([tag, vr, value]) => ({ tag, vr, bytes: Buffer.from(value) })),
  ];
  const elements = structureSetElements(
    { ...input, patientStudy },
    { sopInstanceUid: '2.25.2', seriesInstanceUid: '2.25.3' },
  );
  assert.deepEqual([...new Set(paths(elements))].sort(), writtenAttributes.map(({ path }) => path).sort());
});
