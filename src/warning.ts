import { z } from 'zod';

/** Something about a series or its contours that a person should know; `code` stays the same in every version. */
export const warningSchema = z.strictObject({ code: z.string(), text: z.string() });
export type Warning = z.output<typeof warningSchema>;

/**
 * `check`: the contours may be wrong or incomplete, so a person has to look before they are used; the series needs attention
 * until then. `warning`: to be known. `notice`: of no consequence for the contours.
 */
export const severities = ['check', 'warning', 'notice'] as const;
export type Severity = (typeof severities)[number];

/** Every code that intake and workers warn with. */
export const warningSeverities = {
  // what arrived
  INSTANCES_MISSING: 'check',
  PATIENT_POSITION: 'check',
  CHOSEN: 'warning',
  RELEASED: 'warning',
  COUNT_NOT_CONFIRMED: 'warning',
  SECOND_ACQUISITION: 'warning',
  LEFT_OUT: 'warning',
  IDENTITY_INCOMPLETE: 'warning',
  DERIVED: 'warning',
  LOSSY: 'warning',
  INPUT_MISSING: 'warning',
  INPUT_AMBIGUOUS: 'check',
  INPUT_DOUBTFUL: 'warning',
  GANTRY_TILT: 'warning',
  TILTED: 'warning',
  PADDING_VALUE: 'warning',
  SPACING_CHANGES: 'warning',
  SPACING_JITTER: 'notice',
  IN_PLANE_SHIFT: 'notice',
  REPEAT: 'notice',
  SURPLUS_PIXEL_BYTES: 'notice',
  // the CT beside those of the training
  CT_BODY_PART: 'check',
  CT_AIRWAY: 'check',
  CT_SLICE_SPACING: 'warning',
  CT_PIXEL_SPACING: 'warning',
  CT_FIELD_OF_VIEW: 'warning',
  CT_BODY_SIZE: 'warning',
  CT_TISSUE: 'warning',
  CT_BONES: 'warning',
  // images beside the CT
  REGISTRATION_FIT: 'check',
  // an ROI
  NOT_FOUND: 'check',
  REQUIRED_NOT_FOUND: 'check',
  CUT_SCAN: 'check',
  FIELD_OF_VIEW: 'check',
  SIDE: 'check',
  LEFT_RIGHT: 'check',
  VOLUME: 'check',
  PLACE: 'check',
  ORDER: 'check',
  END_OF_SCAN: 'warning',
  COMPONENTS: 'warning',
  OVERLAP: 'warning',
  // the structure set
  IMPLICIT_ONLY: 'notice',
  // a structure set that came back
  CONTOURS_LEFT_OUT: 'warning',
  CONTOURS_OUTSIDE_CT: 'warning',
  OTHER_FRAME_OF_REFERENCE: 'warning',
  DANGLING_IMAGE_REFERENCE: 'warning',
  CONTRADICTING_IMAGE_REFERENCE: 'warning',
  DECIMAL_STRING_TOO_LONG: 'notice',
} as const satisfies Record<string, Severity>;

/** A code of the table. */
export type WarningCode = keyof typeof warningSeverities;

/** Of a code that another version wrote: `warning`. */
export function severityOf({ code }: Pick<Warning, 'code'>): Severity {
  return Object.hasOwn(warningSeverities, code) ? warningSeverities[code as WarningCode] : 'warning';
}

export function isCheck(warning: Pick<Warning, 'code'>): boolean {
  return severityOf(warning) === 'check';
}

/** A warning as lists and pages show it. */
export type RatedWarning = Warning & { readonly severity: Severity };

/** Each text once, the gravest first. */
export function ratedWarnings(warnings: readonly Warning[]): RatedWarning[] {
  const rated = warnings.map(({ code, text }) => ({ code, text, severity: severityOf({ code }) }));
  const distinct = [...new Map(rated.map((one) => [one.text, one])).values()];
  return distinct.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}
