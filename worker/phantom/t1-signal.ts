/**
 * Signals of a T1-weighted spin echo after contrast agent, arbitrary units: fat and what takes up the agent are bright,
 * muscle is grey, water dark; air and compact bone give nothing.
 */
export const t1 = { gland: 640, vessel: 760, mucosa: 600 } as const;

/** Signal of tissues that their CT number tells apart, each up to (and without) this CT number. */
const byCtNumber: readonly (readonly [below: number, signal: number])[] = [
  [-250, 12], // air, lung
  [-45, 820], // fat
  [0, 560], // skin
  [30, 170], // cerebrospinal fluid, vitreous body, fluid in a sinus
  [46, 430], // brain, spinal cord
  [80, 340], // muscle
  [150, 380], // discs, thyroid
  [220, 300], // cartilage
  [480, 640], // fatty marrow
  [720, 210], // spongy bone
  [Infinity, 30], // compact bone, teeth
];

/** @param hu CT number of a layer */
export function t1Signal(hu: number): number {
  return (byCtNumber.find(([below]) => hu < below) ?? byCtNumber[0]!)[1];
}
