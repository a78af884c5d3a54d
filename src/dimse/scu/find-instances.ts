import { stat } from 'node:fs/promises';
import { filesBelow } from '../../dicom/files-below.ts';
import { ContourNodeError } from '../../errors.ts';
import { readStoredInstance, type StoredInstance } from './stored-instance.ts';

/** A DICOMDIR describes a medium; it is not sent. */
const mediaStorageDirectory = '1.2.840.10008.1.3.10';

/**
 * The DICOM files at these paths, folders with everything below them, in the order of their names;
 * symbolic links are followed.
 *
 * @returns the instances, and how many other files lay in the folders
 * @throws ContourNodeError PATH_NOT_FOUND when a path does not exist or there is no DICOM file; DICOM_UNREADABLE for a
 *   file that is one of `paths`
 */
export async function findInstances(
  paths: readonly string[],
): Promise<{ instances: StoredInstance[]; ignored: number }> {
  const instances: StoredInstance[] = [];
  let ignored = 0;
  for (const path of paths) {
    const info = await stat(path).catch((cause: unknown) => {
      throw new ContourNodeError('PATH_NOT_FOUND', `no such file or folder: ${path}`, { cause });
    });
    if (!info.isDirectory()) {
      instances.push(await readNamed(path));
      continue;
    }
    const { files, brokenLinks, special } = await filesBelow([path]);
    ignored += brokenLinks + special;
    for (const file of files) {
      const instance = await readStoredInstance(file).catch(() => undefined);
      if (instance === undefined || instance.sopClassUid === mediaStorageDirectory) ignored++;
      else instances.push(instance);
    }
  }
  if (instances.length === 0) {
    throw new ContourNodeError('PATH_NOT_FOUND', `no DICOM file in ${paths.join(', ')}`, {
      remedy: 'give DICOM files or a folder with some',
    });
  }
  return { instances, ignored };
}

async function readNamed(path: string): Promise<StoredInstance> {
  try {
    return await readStoredInstance(path);
  } catch (cause) {
    const why = cause instanceof ContourNodeError ? cause.message : String(cause);
    throw new ContourNodeError('DICOM_UNREADABLE', `${path}: ${why}`, { cause });
  }
}
