import type { Layer } from './canvas.ts';
import type { Shape } from './shapes.ts';

/** A solid of the patient, painted in the order of the list. */
export interface Structure {
  readonly shape: Shape;
  readonly layers: readonly Layer[];
  /** TG-263 name where the solid is part of the truth. */
  readonly name?: string;
  /** Signal of the whole solid in a T1-weighted MR with contrast agent, where its CT numbers do not tell it (`t1Signal`). */
  readonly t1?: number;
}
