/**
 * Names of AAPM TG-263 (Standardizing Nomenclatures in Radiation Oncology, 2018): the organs of head and neck, thorax,
 * abdomen and pelvis that departments contour most, and the rules for targets and planning organs at risk. The whole
 * table is longer: a name that is not here is a reason to look, not an error.
 */

const single = `
  A_Aorta A_Pulmonary Bag_Bowel Bladder Bone_Hyoid Bone_Mandible Bowel Bowel_Large Bowel_Small Brain Brainstem
  Bronchus_Main Canal_Anal Carina Cartlg_Thyroid CaudaEquina Cavity_Nasal Cavity_Oral Cerebellum Cerebrum Cervix
  Chestwall Colon Colon_Sigmoid Cricoid Duodenum Esophagus Esophagus_S External Gallbladder Genitals Glnd_Thyroid Glottis
  GreatVes Heart Hypothalamus Ileum Jejunum Kidneys Larynx Larynx_SG Lips Liver Lungs Mediastinum Musc_Constrict
  Musc_Constrict_I Musc_Constrict_M Musc_Constrict_S Nasopharynx OpticChiasm Oropharynx Palate_Soft Pancreas Parotids
  PenileBulb Pericardium Pharynx Pituitary Prostate ProstateBed Rectum SacralPlex Sacrum SeminalVes Skin Spc_Bowel
  SpinalCanal SpinalCord Spleen Sternum Stomach Tongue Tongue_Base Trachea Urethra Uterus V_Venacava_I V_Venacava_S
  Vagina VocalCords CouchSurface CouchInterior Bolus`;
const paired = `
  A_Carotid BrachialPlex Breast Bronchus Clavicle Cochlea Cornea Ear_External Ear_Internal Ear_Middle Eye Femur
  Femur_Head Glnd_Adrenal Glnd_Lacrimal Glnd_Submand Hippocampus Humerus Humerus_Head Joint_TM Kidney Lens
  Lobe_Temporal Lung OpticNrv Orbit Ovary Parotid Retina Testis Tonsil VocalCord`;

const words = (text: string): string[] => text.trim().split(/\s+/);
const names = [...words(single), ...words(paired).flatMap((name) => [`${name}_L`, `${name}_R`])];
const known = new Set(names);

/** GTVp, CTVn2_5940, PTV_High, PTV!, ITVp_01: type, kind, number, relative or physical dose, trimmed; a margin in between. */
const target = /^(GTV|CTV|ITV|IGTV|ICTV|PTV)(p|n|sb|par|v|vas)?\d*(-\d{2})?(_?(High|Mid\d*|Low|\d+))*(_[LR])?!?$/;
/** An organ with its planning risk volume: SpinalCord_PRV05. */
const planningRiskVolume = /^(.+?)_?PRV(\d{1,2})?$/;

/** Whether a name is one of TG-263. What begins with `z` or `_` is no business of the standard. */
export function standardName(name: string, type?: string): boolean {
  if (/^[z_]/.test(name) || known.has(name) || target.test(name)) return true;
  if (type === 'AVOIDANCE' || type === 'CONTROL') return true;
  const organ = planningRiskVolume.exec(name)?.[1];
  // Long names lose their underscores before they lose the PRV.
  return organ !== undefined && names.some((one) => one === organ || one.replaceAll('_', '') === organ);
}

/** The name that takes the fewest changes, where these are few. */
export function nearestName(name: string): string | undefined {
  const wanted = plain(name);
  const ranked = names
    .map((one) => {
      const other = plain(one);
      // Mandible for Bone_Mandible: a part that stands before it is one change.
      const longer = wanted.length > 4 && other !== wanted && other.endsWith(wanted);
      return { one, distance: longer ? 1 : changes(wanted, other) };
    })
    .toSorted((a, b) => a.distance - b.distance);
  return ranked[0] !== undefined && ranked[0].distance <= Math.max(2, wanted.length / 3) ? ranked[0].one : undefined;
}

/** What people write differently: capitals, underscores and spaces. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_ -]/g, '');
}

/** Levenshtein distance. */
function changes(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
