import { type DataSet } from '../../src/dicom/data-set.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { fileMetaInformation } from '../../src/dicom/part10.ts';
import { type DataElement, type Encoding, encode, joined } from '../../src/dicom/rtstruct/data-element.ts';
import { rtStructureSetStorage } from '../../src/dicom/rtstruct/structure-set.ts';
import { tag } from '../../src/dicom/rtstruct/tags.ts';
import { transferSyntaxes } from './ct-slice.ts';

/** What somebody does to a structure set in a planning system. */
export interface Edit {
  /** Absent: the same one, as some systems keep it. */
  readonly sopInstanceUid?: string;
  readonly approval?: string;
  /** Moves every contour of the ROIs whose name matches, mm. */
  readonly move?: { readonly roi: RegExp; readonly x?: number; readonly y?: number; readonly z?: number };
  readonly rename?: (name: string) => string;
  /** Another value for any attribute at the top; undefined: it is removed. */
  readonly values?: Readonly<Record<string, string | undefined>>;
  /** Without Contour Image Sequences and the list of images. */
  readonly withoutImages?: boolean;
  readonly encoding?: Encoding;
}

/** A structure set as a file, changed. */
export function editedStructureSet(bytes: Uint8Array, edit: Edit): Buffer {
  const file = parseDicom(bytes);
  const { encoding = 'implicit' } = edit;
  const numbers = new Set(
    file
      .items(tag.StructureSetROISequence)
      .filter((roi) => edit.move?.roi.test(roi.string(tag.ROIName) ?? '') === true)
      .map((roi) => roi.string(tag.ROINumber)),
  );
  const values: Record<string, string | undefined> = {
    ...(edit.sopInstanceUid !== undefined && { [tag.SOPInstanceUID]: edit.sopInstanceUid }),
    ...(edit.approval !== undefined && { [tag.ApprovalStatus]: edit.approval }),
    ...edit.values,
  };
  const changed = (dataSet: DataSet, moved: boolean): DataElement[] =>
    dataSet.tags.flatMap((one): DataElement[] => {
      const vr = dataSet.vr(one) ?? 'UN';
      if (edit.withoutImages === true && one === tag.ContourImageSequence) return [];
      if (vr === 'SQ')
        return [{ tag: one, vr, items: dataSet.items(one).map((item) => changed(item, moved || isMoved(item))) }];
      if (one === tag.ROIName && edit.rename !== undefined)
        return [joined(one, vr, edit.rename(dataSet.string(one) ?? ''))];
      if (one === tag.ContourData && moved) return [joined(one, vr, shifted(dataSet.numbers(one), edit.move!))];
      return [{ tag: one, vr, bytes: dataSet.raw(one) ?? new Uint8Array() }];
    });
  const isMoved = (item: DataSet): boolean =>
    item.has(tag.ContourSequence) && numbers.has(item.string(tag.ReferencedROINumber));
  const elements = [
    ...changed(file, false).filter((element) => !(element.tag in values)),
    ...Object.entries(values).flatMap(([one, value]) =>
      value === undefined ? [] : [joined(one, file.vr(one) ?? vrs[one] ?? 'CS', value)],
    ),
  ];
  return Buffer.concat([
    fileMetaInformation({
      sopClassUid: rtStructureSetStorage,
      sopInstanceUid: edit.sopInstanceUid ?? file.meta.sopInstanceUid,
      transferSyntaxUid: transferSyntaxes[encoding],
    }),
    encode(elements, encoding),
  ]);
}

const vrs: Record<string, string> = { [tag.ReviewDate]: 'DA', [tag.ReviewTime]: 'TM', [tag.PatientID]: 'LO' };

function shifted(numbers: readonly number[], { x = 0, y = 0, z = 0 }: NonNullable<Edit['move']>): string {
  return numbers.map((value, at) => String(Math.round((value + [x, y, z][at % 3]!) * 100) / 100)).join('\\');
}
