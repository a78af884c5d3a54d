import { mrImageStorage } from '../../src/dicom/mr-image.ts';
import type { CtSlice, Element } from './ct-slice.ts';

export interface MrSlice extends CtSlice {
  readonly seriesDescription?: string;
  readonly echoTime?: number;
  readonly repetitionTime?: number;
  readonly contrastAgent?: string;
  readonly fieldStrength?: number;
  /** YYYYMMDD */
  readonly date?: string;
  /** Row and column direction; default axial. */
  readonly orientation?: readonly number[];
  /** x, y, z of the first pixel, in place of `position` and `z`. */
  readonly origin?: readonly [number, number, number];
}

/** What makes a T1 MR slice with contrast agent of a CT slice: to be written by `ctSliceFile`. */
export function mrSlice(slice: MrSlice): CtSlice {
  const more: Element[] = [
    ['00080022', 'DA', slice.date ?? '20260102'],
    ['00080060', 'CS', 'MR'],
    ['0008103e', 'LO', slice.seriesDescription ?? 'T1 TSE TRA GD'],
    ['00180010', 'LO', slice.contrastAgent ?? 'Gadobutrol'],
    ['00180020', 'CS', 'SE'],
    ['00180080', 'DS', String(slice.repetitionTime ?? 550)],
    ['00180081', 'DS', String(slice.echoTime ?? 12)],
    ['00180087', 'DS', String(slice.fieldStrength ?? 3)],
    ...(slice.origin === undefined ? [] : [['00200032', 'DS', slice.origin.join('\\')] as const]),
  ];
  return {
    sopClassUid: mrImageStorage,
    imageType: 'ORIGINAL\\PRIMARY\\M\\NORM\\DIS2D',
    without: ['00281052', '00281053'],
    frame: '1.2.3.902',
    ...slice,
    more: [...more, ...(slice.more ?? [])],
  };
}
