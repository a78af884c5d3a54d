import { decodeText } from './character-set.ts';
import type { DataSet } from './data-set.ts';

/** What of a study people recognise a CT by; value bytes in hexadecimal, '' where absent. */
export interface StudyValues {
  /** Study Description (0008,1030). */
  readonly description: string;
  /** Specific Character Set of the description. */
  readonly characterSet: string;
  /** Acquisition Date, else Series Date, else Study Date: YYYYMMDD, '' where absent. */
  readonly date: string;
}

export interface ReadableStudy {
  readonly studyDescription: string;
  /** 2026-11-03, or as the image has it. */
  readonly ctDate: string;
}

export function studyValues(file: DataSet): StudyValues {
  const [date = ''] = ['00080022', '00080021', '00080020'].flatMap((tag) => file.strings(tag).filter(Boolean));
  return {
    description: Buffer.from(file.raw('00081030') ?? []).toString('hex'),
    characterSet: file.string('00080005') ?? '',
    date,
  };
}

export function readableStudy({ description, characterSet, date }: StudyValues): ReadableStudy {
  const sets = characterSet.split('\\').map((one) => one.trim());
  return {
    studyDescription: decodeText(Buffer.from(description, 'hex'), sets).replaceAll('\0', '').trim(),
    ctDate: date.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3'),
  };
}
