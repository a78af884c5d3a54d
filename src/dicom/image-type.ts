import type { DataSet } from './data-set.ts';
import { plainText } from './plain-text.ts';

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
  // Hemipelvis and semipronation are none.
  [
    'projection',
    /(?<![HS]E)MIP|MIN ?IP|MAX ?IP|\b(MIN|MAX)(IMUM)? ?INT|\bPROJ|\b(RAY ?SUM|DRR)\b|DIGITALLY RECONSTRUCTED/,
  ],
  ['projection', /^(MAX|MIN|MAXIMUM|MINIMUM)$|\b(SLAB|THICK|THIN) ?(MAX|MIN)\b|\b(MAX|MIN) ?SLAB/],
  ['projection', /RENDER|\b(VRT|SSD|CPR|CURVED|VOLREN|SURFACE)\b|ENDOSCOP|^(3D|VR)$/],
  ['reformat', /\b(MPR|MPRS|REFORMAT|REFORMATTED|RESAMPLED|OBLIQUE)\b/],
];

/**
 * What the values of Image Type (0008,0008) name, wherever it stands: PS3.3 C.8.2.1.1.1 has it as value 3, scanners as
 * value 4 or beside other words. A projection counts more than the stack that it lies in.
 */
export function namedKind(imageType: readonly string[]): NamedImage | undefined {
  const found = imageType.flatMap((value): NamedImage[] => {
    const kind = kindOf(value);
    return kind === undefined ? [] : [{ kind, value: readable(value) }];
  });
  return found.find(({ kind }) => kind !== 'reformat') ?? found[0];
}

/** A value that goes into a sentence, and with it into structure sets: a sender may have written anything there. */
function readable(value: string): string {
  return plainText(value.toUpperCase()).slice(0, 64);
}

function kindOf(text: string): NamedKind | undefined {
  const words = text
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, ' ')
    .trim();
  return names.find(([, pattern]) => pattern.test(words))?.[0];
}

/** Words of a sentence that mean nothing but a projection. */
const projectionWord =
  /\b(MIPS?|MINIPS?|MAXIPS?|M(IN|AX)[ -]IP|M(IN|AX)IMUM INTENSITY|VRT|RAY ?SUM|DRR|VOLUME RENDER(ED|ING))\b/i;

/**
 * What says that an image is a projection where its Image Type does not: Volume Based Calculation Technique (PS3.3
 * C.8.16.2), or, of a derived image, its descriptions. Those of an original may say what it is scanned for.
 * @returns attribute and word, without anything else of the description: `Series Description MIP`
 */
export function describedProjection(values: Pick<DataSet, 'strings' | 'string'>): string | undefined {
  const [technique = ''] = values.strings('00089207');
  if (kindOf(technique) === 'projection') return `Volume Based Calculation Technique ${readable(technique)}`;
  const type = values.strings('00080008');
  if (type[0]?.toUpperCase() !== 'DERIVED' && type[1]?.toUpperCase() !== 'SECONDARY') return undefined;
  for (const [tag, name] of [
    ['0008103e', 'Series Description'],
    ['00082111', 'Derivation Description'],
  ] as const) {
    const word = projectionWord.exec((values.string(tag) ?? '').replaceAll('_', ' '))?.[0];
    if (word !== undefined) return `${name} ${word.toUpperCase()}`;
  }
  return undefined;
}
