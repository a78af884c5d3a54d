import type { QualityValue } from '../store/quality-values.ts';

const columns: readonly (readonly [name: string, of: (value: QualityValue) => string | number | undefined])[] = [
  ['received_at', ({ receivedAt }) => receivedAt],
  ['series', ({ series }) => series],
  ['structure_set', ({ structureSet }) => structureSet],
  ['bundle', ({ bundle }) => bundle.name],
  ['version', ({ bundle }) => bundle.version],
  ['counted_by', ({ countedBy }) => countedBy],
  ['roi', ({ roi }) => roi.name],
  ['state', ({ roi }) => roi.state],
  ['dsc', ({ roi }) => roi.dsc],
  ['hd95_mm', ({ roi }) => roi.hd95],
  ['surface_dsc_2mm', ({ roi }) => roi.surfaceDsc],
  ['added_path_length_mm', ({ roi }) => roi.addedPathLengthMm],
  ['proposed_cm3', ({ roi }) => roi.proposedCm3],
  ['corrected_cm3', ({ roi }) => roi.correctedCm3],
  ['sender', ({ sender }) => sender],
  ['confirmed_by', ({ confirmed }) => confirmed?.by],
  ['confirmed_at', ({ confirmed }) => confirmed?.at],
];

/** One line a structure set and ROI, RFC 4180. */
export function qualityCsv(values: readonly QualityValue[]): string {
  const lines = values.map((value) => columns.map(([, of]) => cell(of(value))).join());
  return [columns.map(([name]) => name).join(), ...lines, ''].join('\r\n');
}

function cell(value: string | number | undefined): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
