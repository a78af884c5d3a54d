import { product } from '../../src/dicom/affine.ts';
import type { GivenModality } from '../inference/modality-inputs.ts';
import { rigid } from '../registration/rigid.ts';

/** How a model of an evaluation gets the images beside the CT, where not as they are. */
export interface InputVariant {
  /** In the label. */
  readonly words: string;
  /** Whether it gets them at all. */
  readonly given: boolean;
  /** By how much each lies beside its place, mm: a third of the way along each axis. */
  readonly offMm: number;
}

/** The variants that a call of evaluate asks for. */
export function inputVariants(without: boolean, offMm: readonly number[]): InputVariant[] {
  return [
    ...(without ? [{ words: 'CT alone', given: false, offMm: 0 }] : []),
    ...offMm.map((mm) => ({ words: `${mm} mm off`, given: true, offMm: mm })),
  ];
}

/** The images as a variant gives them to its model. */
export function inputsOf(variant: InputVariant | undefined, given: readonly GivenModality[]): readonly GivenModality[] {
  if (variant === undefined) return given;
  if (!variant.given) return [];
  const along = variant.offMm / Math.sqrt(3);
  const off = rigid([0, 0, 0], [along, along, along]);
  return given.map((one) => ({ ...one, fromCt: product(off, one.fromCt) }));
}
