import assert from 'node:assert/strict';
import { test } from 'node:test';
import dcmjs from 'dcmjs';
import { writtenAttributes } from '../../../docs/generate/rtstruct-attributes.ts';
import { type DataSet } from '../../../src/dicom/data-set.ts';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { tagOf } from '../../../src/dicom/dictionary.ts';
import type { DataElement } from '../../../src/dicom/rtstruct/data-element.ts';
import { structureSetElements } from '../../../src/dicom/rtstruct/structure-set-modules.ts';
import { writeRtstruct } from '../../../src/dicom/rtstruct/write-rtstruct.ts';
import { exampleInput, exampleRois } from '../../dicom/rtstruct/example-structure-set.ts';

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

test('types 1 and 2 are written whatever the CT lacks, type 1 with a value (CS 8.1.1)', () => {
  const found = { ...exampleRois('keyhole')[0]!, description: '', interpretedType: '' };
  const input = exampleInput([found, { ...found, number: 2, slices: [] }]);
  // What patientStudyElements makes of a CT that says next to nothing: empty values.
  const patientStudy = input.patientStudy
    .filter(({ tag }) => tag !== '00080005')
    .map((element) => (element.tag === '0020000d' ? element : { ...element, bytes: new Uint8Array() }));
  const written = parseDicom(writeRtstruct({ ...input, patientStudy }, 'explicit'));
  for (const { path, type } of writtenAttributes) {
    const tags = path.split(' > ').map((name) => tagOf(name) ?? '');
    const own = tags.at(-1) ?? '';
    const places = tags.slice(0, -1).reduce<DataSet[]>((all, tag) => all.flatMap((one) => one.items(tag)), [written]);
    for (const place of places) {
      if (type === '1' || type === '2') assert.ok(place.has(own), path);
      if (type === '1') assert.ok((place.raw(own)?.length ?? 0) > 0, path);
    }
  }
});
