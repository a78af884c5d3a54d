import { ContourNodeError } from '../errors.ts';
import type { DataSet } from './data-set.ts';

/** Items of both sequences: a file is asked once for each of hundreds of frames. */
const groupsOfFile = new WeakMap<DataSet, FunctionalGroups>();

interface FunctionalGroups {
  readonly shared: DataSet | undefined;
  readonly perFrame: readonly DataSet[];
}

const sharedGroups = '52009229';
const perFrameGroups = '52009230';

/**
 * A multi-frame instance as one frame is described: an attribute comes from the frame's functional groups, else from the
 * shared ones, else from the data set itself (PS3.3 C.7.6.16).
 * @param frame from 1
 * @throws DICOM_UNREADABLE there are not as many functional groups as frames
 */
export function frameDataSet(file: DataSet, frame: number): DataSet {
  const { shared, perFrame } = functionalGroups(file);
  const frames = file.numbers('00280008')[0] ?? 1;
  if (perFrame.length !== frames) {
    throw new ContourNodeError('DICOM_UNREADABLE', `functional groups for ${perFrame.length} of ${frames} frames`, {
      remedy: 'send the instance again from the system that wrote it, or as classic CT images',
    });
  }
  const own = new Map<string, DataSet>();
  for (const groups of [shared, perFrame[frame - 1]]) {
    for (const macro of groups?.tags ?? []) {
      const item = groups!.items(macro)[0];
      for (const tag of item?.tags ?? []) own.set(tag, item!);
    }
  }
  const at = (tag: string): DataSet => own.get(tag) ?? file;
  return {
    tags: [...new Set([...file.tags, ...own.keys()])],
    has: (tag) => at(tag).has(tag),
    vr: (tag) => at(tag).vr(tag),
    string: (tag) => at(tag).string(tag),
    strings: (tag) => at(tag).strings(tag),
    texts: (tag) => at(tag).texts(tag),
    numbers: (tag) => at(tag).numbers(tag),
    raw: (tag) => at(tag).raw(tag),
    items: (tag) => at(tag).items(tag),
  };
}

function functionalGroups(file: DataSet): FunctionalGroups {
  const known = groupsOfFile.get(file);
  if (known !== undefined) return known;
  const groups = { shared: file.items(sharedGroups)[0], perFrame: file.items(perFrameGroups) };
  groupsOfFile.set(file, groups);
  return groups;
}
