import type { DataSet } from './data-set.ts';

/** How an MR image was taken (PS3.3 C.8.3.1): what tells the series of one study apart. A number is absent where unknown. */
export interface MrAcquisition {
  /** Decoded; '' where absent, as all texts here. */
  readonly seriesDescription: string;
  readonly sequenceName: string;
  /** SE, IR, GR, EP, RM. */
  readonly scanningSequence: readonly string[];
  /** ms */
  readonly echoTime?: number;
  readonly repetitionTime?: number;
  /** Contrast/Bolus Agent; '' where none was given, or nobody says so. */
  readonly contrastAgent: string;
  /** Tesla. */
  readonly fieldStrength?: number;
}

export function mrAcquisitionOf(file: DataSet): MrAcquisition {
  const text = (tag: string): string => file.texts(tag).join('\\').trim();
  const number = (tag: string): number | undefined => file.numbers(tag).find(Number.isFinite);
  const [echoTime, repetitionTime, fieldStrength] = ['00180081', '00180080', '00180087'].map(number);
  return {
    seriesDescription: text('0008103e'),
    sequenceName: text('00180024'),
    scanningSequence: file.strings('00180020'),
    ...(echoTime !== undefined && { echoTime }),
    ...(repetitionTime !== undefined && { repetitionTime }),
    contrastAgent: text('00180010'),
    ...(fieldStrength !== undefined && { fieldStrength }),
  };
}
