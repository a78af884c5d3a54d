import type { InputMatch, InputRule } from '../../config/input-schema.ts';
import type { MrAcquisition } from '../../dicom/mr-acquisition.ts';

/** Study and date of a series. */
export interface Visit {
  readonly studyInstanceUid: string;
  /** YYYYMMDD; '' where unknown. */
  readonly date: string;
}

/** Whether an MR was taken as the rule says. What the header does not say fits no condition on it. */
export function fits(match: InputMatch, mr: MrAcquisition): boolean {
  const reads = (pattern: string | undefined, text: string): boolean =>
    pattern === undefined || new RegExp(pattern, 'i').test(text.slice(0, longestText));
  const lies = (range: readonly [number, number] | undefined, value: number | undefined): boolean =>
    range === undefined || (value !== undefined && value >= range[0] && value <= range[1]);
  return (
    reads(match.seriesDescription, mr.seriesDescription) &&
    reads(match.sequenceName, mr.sequenceName) &&
    (match.scanningSequence === undefined ||
      mr.scanningSequence.some((value) => value.toUpperCase() === match.scanningSequence!.toUpperCase())) &&
    lies(match.echoTimeMs, mr.echoTime) &&
    lies(match.repetitionTimeMs, mr.repetitionTime) &&
    lies(match.fieldStrengthTesla, mr.fieldStrength) &&
    (match.contrastAgent === undefined || (match.contrastAgent === 'given') === isGiven(mr.contrastAgent))
  );
}

/** Texts come from a sender. */
const longestText = 256;

/** Some scanners write that there was none. */
function isGiven(agent: string): boolean {
  return agent !== '' && !/^(no|none|without|nein|n\/?a|0)$/i.test(agent);
}

/** Whether an MR is of the CT's study, or of a visit near enough. */
export function isOfVisit({ withinDays }: Pick<InputRule, 'withinDays'>, ct: Visit, mr: Visit): boolean {
  if (ct.studyInstanceUid === mr.studyInstanceUid) return true;
  const days = daysBetween(ct.date, mr.date);
  return days !== undefined && Math.abs(days) <= withinDays;
}

/** Days from one YYYYMMDD to another; undefined where either is ''. */
export function daysBetween(from: string, to: string): number | undefined {
  const [a, b] = [from, to].map((date) => Date.parse(date.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')));
  return Number.isNaN(a) || Number.isNaN(b) ? undefined : Math.round((b! - a!) / 86_400_000);
}
