import { type Code, organCode } from './anatomic-codes.ts';

/** What a segment is: Segmented Property Category and Type (PS3.3 C.8.20.4), and the side of an organ. */
export interface SegmentProperty {
  readonly category: Code;
  readonly type: Code;
  readonly modifier?: Code;
}

const dcm = (value: string, meaning: string): Code => ({ value, scheme: 'DCM', meaning });
const sct = (value: string, meaning: string): Code => ({ value, scheme: 'SCT', meaning });

/** PS3.16 CID 7150 and 9502. */
const categories = {
  anatomy: sct('91723000', 'Anatomical Structure'),
  target: dcm('130041', 'RT Target'),
  dose: dcm('130042', 'RT Dose Calculation Structure'),
  relation: sct('309825002', 'Spatial and Relational Concept'),
};
/** PS3.16 CID 9534: primary tumour, nodes, any. */
const targets: Readonly<Record<string, readonly [primary: Code, nodal: Code, any: Code]>> = {
  GTV: [dcm('130052', 'GTV Primary'), dcm('130051', 'GTV Nodal'), sct('228791009', 'GTV')],
  CTV: [dcm('130050', 'CTV Primary'), dcm('130049', 'CTV Nodal'), sct('228792002', 'CTV')],
  PTV: [dcm('130054', 'PTV Primary'), dcm('130053', 'PTV Nodal'), sct('228793007', 'PTV')],
};
const wholeBody = sct('38266002', 'Entire body');
/** PS3.16 CID 9535. */
const organAtRisk = dcm('130060', 'Organ At Risk');
const planningOrganAtRisk = dcm('130057', 'Planning Organ At Risk Volume');
const avoidance = dcm('130058', 'Avoidance Volume');
const unspecific = dcm('130046', 'Non-specific Volume');

/**
 * @param name TG-263 name of the structure: `GTVp`, `Parotid_L`, `SpinalCord_PRV05`
 * @param type its RT ROI Interpreted Type
 */
export function segmentProperty(name: string, type: string): SegmentProperty {
  const target = targets[type];
  if (target !== undefined) {
    const [primary, nodal, any] = target;
    const rest = name.slice(type.length);
    const kind = !name.startsWith(type) ? any : rest.startsWith('p') ? primary : rest.startsWith('n') ? nodal : any;
    return { category: categories.target, type: kind };
  }
  if (type === 'EXTERNAL') return { category: categories.anatomy, type: wholeBody };
  if (/PRV\d*$/.test(name)) return { category: categories.dose, type: planningOrganAtRisk };
  if (type === 'AVOIDANCE') return { category: categories.dose, type: avoidance };
  const organ = organCode(name);
  if (organ !== undefined)
    return {
      category: categories.anatomy,
      type: organ.organ,
      ...(organ.side !== undefined && { modifier: organ.side }),
    };
  if (type === 'ORGAN') return { category: categories.anatomy, type: organAtRisk };
  return { category: categories.relation, type: unspecific };
}
