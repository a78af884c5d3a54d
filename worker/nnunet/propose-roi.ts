import type { Roi } from '../../src/bundles/manifest.ts';

/** What a label of a dataset becomes when nobody says more: name after AAPM TG-263, type, colour. */
export type ProposedRoi = Pick<Roi, 'name' | 'interpretedType' | 'colour'>;

/** Labels of public datasets (TotalSegmentator, SegRap, Totalspineseg) whose TG-263 name no rule finds. */
const known: Readonly<Record<string, string>> = {
  adrenal_gland: 'AdrenalGland',
  aorta: 'A_Aorta',
  brainstem: 'Brainstem',
  brain_stem: 'Brainstem',
  colon: 'Colon',
  duodenum: 'Duodenum',
  gallbladder: 'Gallbladder',
  inferior_vena_cava: 'V_Venacava_I',
  superior_vena_cava: 'V_Venacava_S',
  lens: 'Lens',
  mandible: 'Bone_Mandible',
  optic_chiasm: 'OpticChiasm',
  chiasm: 'OpticChiasm',
  optic_nerve: 'OpticNrv',
  parotid: 'Parotid',
  parotid_gland: 'Parotid',
  prostate: 'Prostate',
  skull: 'Bone_Cranial',
  small_bowel: 'Bowel_Small',
  spinal_cord: 'SpinalCord',
  spinalcord: 'SpinalCord',
  submandibular_gland: 'Glnd_Submand',
  thyroid_gland: 'Glnd_Thyroid',
  trachea: 'Trachea',
  urinary_bladder: 'Bladder',
};

/** Longest ROI name that every treatment planning system takes. */
const longest = 16;

/** @param labels names as dataset.json has them; the results are in their order and no name occurs twice */
export function proposeRois(labels: readonly string[]): ProposedRoi[] {
  const taken = new Set<string>();
  return labels.map((label, index) => {
    const base = nameOf(label);
    let name = base;
    for (let n = 2; taken.has(name); n += 1) name = `${base.slice(0, longest - 1 - String(n).length)}_${n}`;
    taken.add(name);
    return { name, interpretedType: typeOf(name), colour: colourOf(index) };
  });
}

function nameOf(label: string): string {
  // A name that is written as TG-263 writes them stays.
  if (/^[A-Z][A-Za-z0-9_^!~-]{0,15}$/.test(label)) return label;
  const words = label
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const side =
    words.includes('left') || words.at(-1) === 'l' ? '_L' : words.includes('right') || words.at(-1) === 'r' ? '_R' : '';
  const rest = words.filter(
    (word, n) => !['left', 'right'].includes(word) && !(n === words.length - 1 && /^[lr]$/.test(word)),
  );
  const name = known[rest.join('_')] ?? rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('_');
  return `${(name === '' ? 'Label' : name).slice(0, longest - side.length)}${side}`;
}

function typeOf(name: string): Roi['interpretedType'] {
  const [, target] = /^(GTV|CTV|PTV)/i.exec(name) ?? [];
  if (target !== undefined) return target.toUpperCase() as 'GTV' | 'CTV' | 'PTV';
  return /^(body|external|skin)$/i.test(name) ? 'EXTERNAL' : 'ORGAN';
}

/** Neighbours in the list look unlike: each hue is a golden section of the circle further. */
function colourOf(index: number): [number, number, number] {
  const hue = (index * 0.618034) % 1;
  const channel = (shift: number) => {
    const value = Math.abs(((hue + shift) % 1) * 6 - 3) - 1;
    return Math.round(255 * (0.25 + 0.75 * Math.min(Math.max(value, 0), 1)));
  };
  return [channel(0), channel(2 / 3), channel(1 / 3)];
}
