/** A code of SNOMED CT or of DICOM (PS3.16), as it stands in a code sequence. */
export interface Code {
  readonly value: string;
  readonly scheme: 'SCT' | 'DCM';
  readonly meaning: string;
}

/**
 * SNOMED CT codes of organs by their TG-263 name, without side. Only those on which two sources agree: HL7's concept map of
 * TG-263 to SNOMED CT (mCODE implementation guide, TG263 concept map) and the SNOMED CT concepts of DICOM PS3.16 (context
 * groups 4, 7151, 7192, 7601, 8134 and annex D); what the map alone has is left out, since it has slips.
 */
const organs: Readonly<Record<string, readonly [value: string, meaning: string]>> = {
  A_Aorta: ['15825003', 'Aorta'],
  A_Carotid: ['69105007', 'Carotid artery'],
  A_Pulmonary: ['81040000', 'Pulmonary artery'],
  Bladder: ['89837001', 'Urinary bladder'],
  Bone_Hyoid: ['21387005', 'Hyoid bone'],
  Bone_Mandible: ['91609006', 'Mandible'],
  Bone_Temporal: ['60911003', 'Temporal bone'],
  Bowel_Large: ['14742008', 'Large intestine'],
  Bowel_Small: ['30315005', 'Small intestine'],
  BrachialPlex: ['36582005', 'Brachial plexus'],
  Brain: ['12738006', 'Brain'],
  Breast: ['76752008', 'Breast'],
  Bronchus: ['955009', 'Bronchus'],
  Carina: ['28700002', 'Carina'],
  Cavity_Nasal: ['279549004', 'Nasal cavity'],
  Cavity_Oral: ['74262004', 'Oral cavity'],
  Cerebellum: ['113305005', 'Cerebellum'],
  Cervix: ['71252005', 'Cervix uteri'],
  Chestwall: ['78904004', 'Chest wall'],
  Clavicle: ['51299004', 'Clavicle'],
  Colon: ['71854001', 'Colon'],
  Colon_Sigmoid: ['60184004', 'Sigmoid colon'],
  Cornea: ['28726007', 'Cornea'],
  Duodenum: ['38848004', 'Duodenum'],
  Esophagus: ['32849002', 'Esophagus'],
  Eye: ['81745001', 'Eye'],
  Femur: ['71341001', 'Femur'],
  Femur_Head: ['2812003', 'Head of femur'],
  Gallbladder: ['28231008', 'Gallbladder'],
  Glnd_Adrenal: ['23451007', 'Adrenal gland'],
  Glnd_Lacrimal: ['13561001', 'Lacrimal gland'],
  Glnd_Thymus: ['9875009', 'Thymus'],
  Glnd_Thyroid: ['69748006', 'Thyroid'],
  Glottis: ['1307006', 'Glottis'],
  Heart: ['80891009', 'Heart'],
  Hippocampus: ['5366008', 'Hippocampus'],
  Humerus: ['85050009', 'Humerus'],
  Ileum: ['34516001', 'Ileum'],
  Jejunum: ['21306003', 'Jejunum'],
  Joint_TM: ['53620006', 'Temporomandibular joint'],
  Kidney: ['64033007', 'Kidney'],
  Larynx: ['4596009', 'Larynx'],
  Lens: ['78076003', 'Lens of eye'],
  Liver: ['10200004', 'Liver'],
  Lobe_Temporal: ['78277001', 'Temporal lobe'],
  Lung: ['39607008', 'Lung'],
  Mediastinum: ['72410000', 'Mediastinum'],
  Nasopharynx: ['71836000', 'Nasopharynx'],
  OpticChiasm: ['244453006', 'Optic chiasm'],
  OpticNrv: ['18234004', 'Optic nerve'],
  Orbit: ['363654007', 'Orbit'],
  Oropharynx: ['31389004', 'Oropharynx'],
  Ovary: ['15497006', 'Ovary'],
  Palate_Soft: ['49460000', 'Soft palate'],
  Pancreas: ['15776009', 'Pancreas'],
  Parotid: ['45289007', 'Parotid gland'],
  Pericardium: ['76848001', 'Pericardium'],
  Pharynx: ['54066008', 'Pharynx'],
  Pituitary: ['56329008', 'Pituitary'],
  Prostate: ['41216001', 'Prostate'],
  Rectum: ['34402009', 'Rectum'],
  Retina: ['5665001', 'Retina'],
  Scapula: ['79601000', 'Scapula'],
  SeminalVes: ['64739004', 'Seminal vesicle'],
  Skin: ['39937001', 'Skin'],
  SpinalCanal: ['61853006', 'Vertebral canal'],
  SpinalCord: ['2748008', 'Spinal cord'],
  Spleen: ['78961009', 'Spleen'],
  Stomach: ['69695003', 'Stomach'],
  Testis: ['40689003', 'Testis'],
  Tongue: ['21974007', 'Tongue'],
  Tongue_Base: ['47975008', 'Root of tongue'],
  Tonsil: ['75573002', 'Palatine tonsil'],
  Trachea: ['44567001', 'Trachea'],
  Ureter: ['87953007', 'Ureter'],
  Urethra: ['13648007', 'Urethra'],
  Urethra_Prostatc: ['71553001', 'Prostatic urethra'],
  Uterus: ['35039007', 'Uterus'],
  Vagina: ['76784001', 'Vagina'],
};
/** Names of bundles that are not those of TG-263, and the plurals of pairs. */
const others: Readonly<Record<string, string>> = {
  Mandible: 'Bone_Mandible',
  BrachialPlexs: 'BrachialPlex',
  Breasts: 'Breast',
  Eyes: 'Eye',
  Femurs: 'Femur',
  Hippocampi: 'Hippocampus',
  Kidneys: 'Kidney',
  Lungs: 'Lung',
  Ovaries: 'Ovary',
  Parotids: 'Parotid',
  Retinas: 'Retina',
  Ureters: 'Ureter',
};
/** PS3.16 CID 244, Laterality. */
const sides: Readonly<Record<string, Code>> = {
  L: { value: '7771000', scheme: 'SCT', meaning: 'Left' },
  R: { value: '24028007', scheme: 'SCT', meaning: 'Right' },
};
const bothSides: Code = { value: '51440002', scheme: 'SCT', meaning: 'Right and left' };

/** Code and side of an organ by its TG-263 name; undefined for one whose code is not known for certain. */
export function organCode(name: string): { readonly organ: Code; readonly side?: Code } | undefined {
  const [, stem = name, letter = ''] = /^(.+)_([LR])$/.exec(name) ?? [];
  const singular = others[stem] ?? stem;
  if (!Object.hasOwn(organs, singular)) return undefined;
  const [value, meaning] = organs[singular]!;
  const isPair = letter === '' && singular !== stem && singular !== 'Bone_Mandible';
  const side = sides[letter] ?? (isPair ? bothSides : undefined);
  return { organ: { value, scheme: 'SCT', meaning }, ...(side !== undefined && { side }) };
}
