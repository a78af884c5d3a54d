/**
 * Names of AAPM TG-263 (Standardizing Nomenclatures in Radiation Oncology, 2018), and the rules for targets and planning
 * organs at risk. The names were checked against two public copies of the table: the TG263 concept map of HL7's mCODE
 * implementation guide, and the list of a public TG-263 name checker; each stands in one of them at least, spelled as
 * there (`Hypothalmus`, `Colon_Decending`). Lymph node stations, single vertebrae, ribs and rare structures are left out: a
 * name that is not here is a reason to look, not an error.
 */

const single = `
  A_Aorta A_Aorta_Asc A_Brachiocephls A_Celiac A_LAD A_Mesenteric_I A_Mesenteric_S A_Pulmonary AirWay_Dist AirWay_Prox
  Anus Bag_Bowel Bag_Ostomy BileDuct_Common Bladder Bladder_Wall Body Bolus BoneMarrow BoneMarrow_Act Bone_Ethmoid
  Bone_Frontal Bone_Hyoid Bone_Mandible Bone_Occipital Bone_Pelvic Bone_Sphenoid Bowel Bowel_Bag Bowel_Large Bowel_Small
  BrachialPlexs Brain Brainstem Brainstem_Core Brainstem_Surf Breasts Bronchus_Main Canal_Anal Carina Cartlg_Thyroid
  CaudaEquina Cavernosum Cavity_Nasal Cavity_Oral Cecum Cerebellum Cerebrum Cervix Chestwall Colon Colon_Ascending
  Colon_Decending Colon_Sigmoid Colon_Transverse CribriformPlate Cricoid Cricopharyngeus Dens Diaphragm Duodenum
  Esophagus Esophagus_I Esophagus_M Esophagus_NAdj Esophagus_S External Eyes Femurs Fossa_Posterior Gallbladder Genitals
  Glnd_Adrenals Glnd_Lacrimals Glnd_Sublings Glnd_Submands Glnd_Thymus Glnd_Thyroid Glottis GreatVes GreatVes_NAdj
  Hardpalate Heart Hippocampi Hypothalmus Ileum Jejunum Jejunum_Ileum Kidneys Laryngl_Pharynx Larynx Larynx_SG Lips Liver
  Liver-CTV Liver-GTV LN_Mediastinals LN_Pelvics Lungs Lungs-CTV Lungs-GTV Lungs-ITV Lungs-PTV Markers Mediastinum
  Musc_Constrict Musc_Constrict_I Musc_Constrict_M Musc_Constrict_S Nasopharynx Nose OpticChiasm Oropharynx Ovaries
  Pacemaker Palate_Soft Pancreas Pancreas_Head Pancreas_Tail Parametrium Parotids Pelvis PenileBulb Penis Pericardium
  Perineum Peritoneum Pharynx Pineal Pituitary Pons Prostate ProstateBed Prosthesis PubicSymphys Rectal_Wall Rectum
  Retinas SacralPlex Sacrum Scalp Scrotum SeminalVes SeminalVes_Dist SeminalVes_Prox Sinus_Ethmoid Skin Skin_Perineum
  Skull Spc_Bowel Spc_Bowel_Small Sphincter_Anal SpinalCanal SpinalCord SpinalCord_Cerv SpinalCord_Lum SpinalCord_Sac
  SpinalCord_Thor Spleen Spleen_Hilum Spongiosum Stomach SurgicalBed ThecalSac Tongue Tongue_All Tongue_Base Tongue_Oral
  Trachea Trachea_NAdj TumorBed Ureters Urethra Urethra_Prostatc Uterus VB VBs V_Azygos V_Portal V_Pulmonary
  V_Venacava_I V_Venacava_S Vagina Vagina_Surf VaginalCuff Valve_Aortic Valve_Mitral Valve_Pulmonic Valve_Tricuspid
  VocalCords Vulva Wall_Vagina Lung_LLL Lung_LUL Lung_RLL Lung_RML Lung_RUL`;
/** With a side, and those of them that stand there without one: `Cochlea`. */
const paired = `
  A_Carotid A_Coronary A_Iliac A_Iliac_Ext A_Iliac_Int A_Subclavian A_Vertebral Acetabulum Arytenoid Atrium Bone_Ilium
  Bone_Ischium Bone_Mastoid Bone_Nasal Bone_Palatine Bone_Parietal Bone_Pelvic Bone_Temporal Bone_Zygomatic BrachialPlex
  Breast Bronchus Bronchus_Main CN_III CN_IX CN_V CN_VI CN_VII CN_VIII CN_XI CN_XII Cerebrum Chestwall Clavicle Cochlea
  Cornea Ear_External Ear_Internal Ear_Middle Eye Femur Femur_Head Femur_Joint Femur_Neck Femur_Shaft Glnd_Adrenal
  Glnd_Lacrimal Glnd_Subling Glnd_Submand Hemisphere Hippocampus Humerus Joint_Glenohum Joint_TM Kidney Kidney_Cortex
  Kidney_Hilum Kidney_Pelvis LN_Ax LN_Iliac LN_IMN LN_Neck_IA LN_Neck_IB LN_Neck_II LN_Neck_III LN_Neck_IV LN_Neck_V
  LN_Obturator LN_Pelvic LN_Sclav Lens Lobe_Frontal Lobe_Occipital Lobe_Parietal Lobe_Temporal Lung Malleus Maxilla
  Musc_Digastric Musc_Masseter Musc_Pterygoid Musc_Sclmast Musc_Temporal OpticNrv Orbit Ovary Parotid Proc_Condyloid
  Proc_Coronoid Pterygoid_Lat Pterygoid_Med Radius Retina Scapula Sinus_Frontal Sinus_Maxilry Sinus_Sphenoid
  Spc_Retrophar Spc_Retrosty Spc_Supraclav Stapes Surf_Eye Testis Tongue_Base Tongue_Oral Tonsil Ureter V_Brachioceph
  V_Iliac V_Jugular_Ext V_Jugular_Int V_Subclavian Ventricle VocalCord`;
const sideless = `
  A_Carotid A_Coronary A_Subclavian A_Vertebral Arytenoid Atrium Bone_Mastoid Bone_Temporal Bronchus CN_III CN_V CN_VII
  CN_VIII Cochlea Cornea Ear_Middle Femur Glnd_Adrenal Glnd_Lacrimal Joint_TM Lens Lobe_Frontal Lobe_Occipital
  Lobe_Parietal Lobe_Temporal Malleus Maxilla Musc_Masseter OpticNrv Sinus_Frontal Sinus_Maxilry Sinus_Sphenoid Testis
  Tonsil Ventricle`;

const words = (text: string): string[] => text.trim().split(/\s+/);
const names = [...words(single), ...words(sideless), ...words(paired).flatMap((name) => [`${name}_L`, `${name}_R`])];
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
      const longer = wanted.length > 3 && other !== wanted && other.endsWith(wanted);
      return { one, distance: longer ? 1 : changes(wanted, other) };
    })
    .toSorted((a, b) => a.distance - b.distance);
  return ranked[0] !== undefined && ranked[0].distance <= Math.max(2, wanted.length / 3) ? ranked[0].one : undefined;
}

/** What people write differently: capitals, underscores and spaces, and the side, `Left_Parotid` or `Parotid_Left`. */
function plain(name: string): string {
  const lower = name.toLowerCase().replaceAll(/[_ -]/g, '');
  const [, first, behind] = /^(left|right)(.+)$/.exec(lower) ?? [];
  const sideLast = first === undefined ? lower : `${behind}${first}`;
  return sideLast.replace(/(l)eft$|(r)ight$/, '$1$2');
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
