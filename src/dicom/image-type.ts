/**
 * What an image is by its name: no slice at all (`localiser`, `report`), a view through several slices in which a
 * structure lies where it is not (`projection`), or a stack made of others (`reformat`), of which the geometry decides.
 */
export type NamedKind = 'localiser' | 'projection' | 'report' | 'reformat';

export interface NamedImage {
  readonly kind: NamedKind;
  /** The value of Image Type that says so. */
  readonly value: string;
}

/** By the words that scanners and workstations write; the first that fits counts. */
const names: readonly (readonly [NamedKind, RegExp])[] = [
  ['localiser', /\b(LOCALI[SZ]ER|SCOUT|TOPOGRAM|SCANO|SURVIEW|(TOPO|PILOT)\b)/],
  ['report', /\b(SCREEN ?SAVE|SCREEN ?CAPTURE|SCREENSHOT|DOSE ?INFO|DOSE ?REPORT|REPORT|PROTOCOL|PROT)\b/],
  // A mean of neighbouring slices, or of the phases of breathing, keeps everything at its place.
  ['reformat', /\b(AVERAGE|AVG|AVE|AIP|MEAN)\b/],
  ['projection', /MIP|MIN ?IP|MAX ?IP|\b(MIN|MAX)(IMUM)? ?INT|\bPROJECTION|\b(RAY ?SUM|DRR)\b|DIGITALLY RECONSTRUCTED/],
  ['projection', /^(MAX|MIN|MAXIMUM|MINIMUM)$|RENDER|\b(VRT|SSD|CPR|CURVED|VOLREN)\b|^(3D|VR)$/],
  ['reformat', /\b(MPR|MPRS|REFORMAT|REFORMATTED|RESAMPLED|OBLIQUE)\b/],
];

/**
 * What the values of Image Type (0008,0008) name, wherever it stands: PS3.3 C.8.2.1.1.1 has it as value 3, scanners as
 * value 4 or beside other words. A projection counts more than the stack that it lies in.
 */
export function namedKind(imageType: readonly string[]): NamedImage | undefined {
  const found = imageType.flatMap((value): NamedImage[] => {
    const words = value
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]+/g, ' ')
      .trim();
    const kind = names.find(([, pattern]) => pattern.test(words))?.[0];
    return kind === undefined ? [] : [{ kind, value: value.toUpperCase() }];
  });
  return found.find(({ kind }) => kind !== 'reformat') ?? found[0];
}
