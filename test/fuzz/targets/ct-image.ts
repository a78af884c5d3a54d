import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ctHeaderOf, readCtInstance } from '../../../src/dicom/ct-instance.ts';
import { checkCtSeries } from '../../../src/dicom/ct-series.ts';
import { type DataSet } from '../../../src/dicom/data-set.ts';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { patientStudyElements } from '../../../src/dicom/patient-study.ts';
import { decodeHu } from '../../../src/dicom/pixel-data.ts';
import { transferSyntaxes } from '../../../src/dicom/transfer-syntax.ts';
import { readStoredInstance } from '../../../src/dimse/scu/stored-instance.ts';
import { ctElements, ctSlice, dicomFile } from '../../dicom/generated-ct.ts';
import { temporaryFolder } from '../../dimse/running-scp.ts';
import { catalogued, type OpenTarget } from '../target.ts';

const rle = '1.2.840.10008.1.2.5';

/** Every value of every element, in every way of reading it. */
function readAll(dataSet: DataSet): void {
  for (const tag of dataSet.tags) {
    void [dataSet.vr(tag), dataSet.string(tag), dataSet.strings(tag), dataSet.texts(tag), dataSet.numbers(tag)];
    void dataSet.raw(tag);
    for (const item of dataSet.items(tag)) readAll(item);
  }
}

/** A CT image as a sender or a folder brings it: data set, header, place in a series, pixels. */
export const open: OpenTarget = async (cleanup) => {
  const path = join(await temporaryFolder(cleanup), 'ct.dcm');
  const native = transferSyntaxes.filter(({ codec }) => codec === 'native');
  const { '7fe00010': _pixels, ...header } = ctElements(0);
  const compressed = dicomFile(header, { syntax: rle, encapsulated: [rleFrame()] });
  const neighbours = [-6, -3, 3, 6].map((z) => ctHeaderOf(parseDicom(ctSlice(z))));
  return {
    samples: [compressed, ...native.map(({ uid }) => ctSlice(0, {}, { syntax: uid }))],
    async feed(input) {
      let codec: string | undefined;
      await catalogued(() => {
        const file = parseDicom(input);
        codec = file.transferSyntax.codec;
        readAll(file);
        patientStudyElements(file);
        ctHeaderOf(file);
      });
      // The libraries' decoders run in threads of their own, with a test of their own (damaged-pixels.test.ts).
      const decode = codec === 'native' || codec === 'rle';
      await catalogued(() => readCtInstance(input, { decode }));
      await catalogued(async () => {
        const { geometry } = checkCtSeries([ctHeaderOf(parseDicom(input)), ...neighbours]);
        if (decode) await decodeHu(input, geometry);
      });
      await writeFile(path, input);
      await catalogued(() => readStoredInstance(path));
    },
  };
};

/** 20 rows of 16 words as RLE (PS3.5 annex G): two segments of runs of 128 bytes. */
function rleFrame(): Buffer {
  const runs = [129, 5, 129, 5, 193, 5];
  const head = Buffer.alloc(64);
  head.writeUInt32LE(2, 0);
  head.writeUInt32LE(64, 4);
  head.writeUInt32LE(64 + runs.length, 8);
  return Buffer.concat([head, Buffer.from([...runs, ...runs])]);
}
