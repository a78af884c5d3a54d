import { open, readFile } from 'node:fs/promises';
import type { DicomFile } from '../../dicom/data-set.ts';
import { readHeader } from '../../dicom/read-data-set.ts';
import { deflatedExplicitVrLittleEndian } from '../../dicom/transfer-syntax.ts';
import { ContourNodeError } from '../../errors.ts';
import { EncodedDataset } from '../library/encoded-dataset.ts';

/** A DICOM file, with what is needed to send it as it is. */
export interface StoredInstance {
  readonly path: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** Where the data set begins in the file. */
  readonly dataSetOffset: number;
}

/** @throws ContourNodeError PATH_NOT_FOUND, DICOM_UNREADABLE */
export async function readStoredInstance(path: string): Promise<StoredInstance> {
  const { meta, dataSetOffset: behindMeta } = await readHeader(path);
  if (meta.sopClassUid === '' || meta.sopInstanceUid === '') {
    throw new ContourNodeError('DICOM_UNREADABLE', `${path} has no SOP Class UID or no SOP Instance UID`);
  }
  // Without file meta information the whole file is the data set.
  return { path, ...meta, dataSetOffset: behindMeta === 0 && !isDeflated(meta) ? 0 : await dataSetOffset(path) };
}

/** Its data set counts from its own inflated beginning. */
function isDeflated({ transferSyntaxUid }: DicomFile['meta']): boolean {
  return transferSyntaxUid === deflatedExplicitVrLittleEndian;
}

/** PS3.10 section 7.1: preamble, prefix, then (0002,0000) with the length of the rest of the group. */
async function dataSetOffset(path: string): Promise<number> {
  const handle = await open(path);
  try {
    const start = Buffer.alloc(144);
    await handle.read(start, 0, start.length, 0);
    if (start.readUInt32BE(132) !== 0x02000000 || start.toString('latin1', 136, 138) !== 'UL') {
      throw new ContourNodeError('DICOM_UNREADABLE', `${path} has no length of its file meta information`);
    }
    return start.length + start.readUInt32LE(140);
  } finally {
    await handle.close();
  }
}

/**
 * The data set of a stored instance, to be sent as the file has it.
 *
 * @throws ContourNodeError PATH_NOT_FOUND; DICOM_UNREADABLE when there is nothing to send
 */
export async function readStoredDataset(instance: StoredInstance): Promise<EncodedDataset> {
  const file = await readFile(instance.path).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `cannot read ${instance.path}`, { cause });
  });
  const bytes = file.subarray(instance.dataSetOffset);
  if (bytes.length === 0) throw new ContourNodeError('DICOM_UNREADABLE', `${instance.path} has no data set`);
  return new EncodedDataset(bytes, instance.transferSyntaxUid, instance);
}
