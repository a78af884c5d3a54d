import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { patientStudyElements } from '../../../src/dicom/patient-study.ts';
import { modelTexts } from '../../../worker/structure-set/model-texts.ts';
import type { StructureSetInput } from '../../../src/dicom/rtstruct/structure-set-input.ts';
import { writeRtstruct } from '../../../src/dicom/rtstruct/write-rtstruct.ts';
import { noPynetdicom, python } from '../../interop/pynetdicom.ts';
import { runProgram } from '../../support/run-program.ts';
import { sharedData } from '../../support/shared-data.ts';
import { exampleInput, exampleRois, temporaryFolder } from './example-structure-set.ts';

const laterRevision = modelTexts({
  bundle: {
    name: 'a-bundle-with-a-name-as-long-as-the-manifest-allows-one-to-be-ok',
    version: '10.20.30',
    intendedUse: 'demonstration',
  },
  nodeVersion: '12.34.56',
  revision: 12,
  predecessors: 1,
  lossy: true,
});

const inputs: Record<string, StructureSetInput> = {
  'a first structure set': exampleInput(exampleRois('keyhole')),
  'nested contours': exampleInput(exampleRois('nested')),
  'a later revision with predecessors and long names': exampleInput(exampleRois('fill'), {
    revision: 12,
    predecessors: ['2.25.7', '2.25.8'],
    texts: laterRevision,
  }),
  'an ROI that was not found': exampleInput([{ ...exampleRois('keyhole')[0]!, slices: [] }]),
};

for (const [name, input] of Object.entries(inputs)) {
  for (const encoding of ['implicit', 'explicit'] as const) {
    test(`dciodvfy reports no error and drtdump no warning: ${name}, ${encoding} VR (CS 8.1.1)`, async (t) => {
      const path = join(await temporaryFolder(t), 'rtstruct.dcm');
      await writeFile(path, writeRtstruct(input, encoding));
      await passes(path);
    });
  }
}

async function passes(path: string, unwanted = /^(Error|Warning)/): Promise<void> {
  const checked = await runProgram('dciodvfy', ['-new', path]);
  const lines = (checked.stdout + checked.stderr).trim().split('\n');
  assert.ok(lines.includes('RTStructureSet'), lines[0]);
  assert.deepEqual(
    lines.filter((line) => unwanted.test(line)),
    [],
  );
  const dumped = await runProgram('drtdump', [path]);
  assert.equal(dumped.code, 0);
  assert.deepEqual(
    (dumped.stdout + dumped.stderr).split('\n').filter((line) => /^[WEF]:/.test(line)),
    [],
  );
  assert.match(dumped.stdout, /RT Structure Set object/);
}

for (const sub of ['hn-ct', 'rtstruct/mim-6.3.9-sts001/ct']) {
  const folder = sharedData(sub);
  test(
    `the elements copied from a real CT (${sub}) bring no error in`,
    { skip: folder === undefined && `../shared/data/${sub} is absent` },
    async (t) => {
      const [first] = (await readdir(folder!)).sort();
      const patientStudy = patientStudyElements(parseDicom(await readFile(join(folder!, first!))));
      const path = join(await temporaryFolder(t), 'rtstruct.dcm');
      await writeFile(path, writeRtstruct(exampleInput(exampleRois('keyhole'), { patientStudy }), 'implicit'));
      // A patient's name without ^ is dubious to dciodvfy, but the patient's.
      await passes(path, /^Error/);
    },
  );
}

const readAll = `
import json, sys, warnings
warnings.simplefilter('error')
import pydicom
from pydicom import config
config.settings.reading_validation_mode = config.RAISE
d = pydicom.dcmread(sys.argv[1])
def walk(s):
    for e in s:
        e.value
        if e.VR == 'SQ':
            for i in e.value: walk(i)
walk(d)
r = d.ROIContourSequence[0].ContourSequence[0]
print(json.dumps({'label': d.StructureSetLabel, 'rois': [x.ROIName for x in d.StructureSetROISequence], 'points': r.NumberOfContourPoints,
  'values': len(r.ContourData), 'z': str(r.ContourData[2]), 'name': str(d.PatientName), 'images': len(d.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0].ContourImageSequence)}))
`;

for (const encoding of ['implicit', 'explicit'] as const) {
  test(
    `pydicom reads every element with its strictest validation (${encoding} VR)`,
    { skip: noPynetdicom },
    async (t) => {
      const path = join(await temporaryFolder(t), 'rtstruct.dcm');
      await writeFile(path, writeRtstruct(exampleInput(exampleRois('keyhole')), encoding));
      const { code, stdout, stderr } = await runProgram(python, ['-c', readAll, path]);
      assert.equal(code, 0, stderr);
      const read = JSON.parse(stdout) as Record<string, unknown>;
      assert.deepEqual(read['rois'], ['Solid', 'Ring', 'Islands']);
      assert.equal(read['values'], 3 * (read['points'] as number));
      // The third slice, as the CT's Image Position has it.
      assert.equal(read['z'], '-125.3333333333');
      assert.equal(read['images'], 12);
      assert.equal(read['name'], 'Müller^Ann');
      assert.equal(read['label'], 'RSRCH example-mo');
    },
  );
}
