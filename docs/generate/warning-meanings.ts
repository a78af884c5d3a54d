import type { WarningCode } from '../../src/warning.ts';

/** What each warning of src/warning.ts says, and what a physicist does about it, for docs/warnings.md. */
export type WarningMeanings = Readonly<Record<WarningCode, readonly [says: string, toDo: string]>>;

export const warningMeanings: WarningMeanings = {
  INSTANCES_MISSING: ['the sender has more images than came', 'look at what is missing; send the series again'],
  PATIENT_POSITION: [
    'header and orientation disagree about how the patient lies',
    'check left and right with care; orientation counts',
  ],
  CHOSEN: [
    'an operator had some images of a rejected series contoured',
    'nothing, if that was meant; the history says who',
  ],
  RELEASED: ['an operator took an incomplete series as it is', 'look at what is missing'],
  COUNT_NOT_CONFIRMED: [
    'the sender was not asked how many images the series has',
    'look at both ends of the scan; configure `seriesCountQuery` if the sender answers C-FIND',
  ],
  SECOND_ACQUISITION: [
    'a second scan came later under the same series',
    'is the older or the newer one meant? Choose on the page of the series',
  ],
  LEFT_OUT: ['images that are no slices of the scan were left out', 'nothing, if they are scouts or reports'],
  IDENTITY_INCOMPLETE: [
    'an attribute of the patient is empty in some slices',
    'check that all images are of one patient',
  ],
  DERIVED: ['slices were computed from others (averaged, reformatted)', 'nothing, if the protocol does that'],
  INPUT_MISSING: [
    'the route takes an MR beside the CT, and none could be used: contoured with the CT alone',
    'send the MR and its registration; the CT is then contoured again',
  ],
  REGISTRATION_FIT: [
    'MR and CT fit each other less well than in the training: bodies overlap less, or grey levels share less information; of an imported network, less well than 10 mm beside',
    'lay the MR over the CT; where the registration is wrong, register again, send it, and the CT is contoured again',
  ],
  INPUT_DOUBTFUL: [
    'contoured with an MR; what came since then says that another one or another place of it may be meant',
    'lay the MR over the CT, and choose the MR on the page of the series; the CT is then contoured again',
  ],
  INPUT_AMBIGUOUS: [
    'several MR series or registrations fit and nobody has chosen: contoured with the CT alone',
    'choose the MR on the page of the series; the CT is then contoured again',
  ],
  LOSSY: ['slices were lossy compressed', 'small structures may be inexact'],
  GANTRY_TILT: [
    'the header says a gantry tilt, the positions say none',
    'nothing: the positions count; tell the maker of the scanner',
  ],
  TILTED: [
    'the gantry was tilted, and the route has that resolved',
    'the contours lie in the tilted planes: check that the TPS shows them so',
  ],
  PADDING_VALUE: ['the value for “outside of the image” is that of tissue', 'look for holes in the picture'],
  SPACING_CHANGES: ['the slice spacing changes along the scan', 'check the structures where it changes'],
  SPACING_JITTER: ['slices lie a little beside even positions', 'nothing: each contour lies at its own slice'],
  IN_PLANE_SHIFT: [
    'slices lie a little beside each other',
    'nothing below half a pixel: each contour lies at its own slice',
  ],
  REPEAT: ['images came twice under other UIDs; the repeats were left out', 'nothing'],
  SURPLUS_PIXEL_BYTES: ['bytes behind the pixels were cut off', 'nothing; tell the maker of the sender'],
  CT_BODY_PART: [
    'most expected structures were not found',
    'most likely another part of the body: choose another model',
  ],
  CT_AIRWAY: [
    'airways lie elsewhere than in the training data',
    'is it the right part of the body, the right way round?',
  ],
  CT_SLICE_SPACING: [
    'slices are further apart, or closer, than in the training data',
    'check the ends of each structure',
  ],
  CT_PIXEL_SPACING: ['pixels are coarser than in the training data', 'small structures may be inexact'],
  CT_FIELD_OF_VIEW: ['the image is smaller than in the training data', 'look for structures that are cut at its edge'],
  CT_BODY_SIZE: [
    'the body in the scan is larger or smaller than in the training data',
    'check every contour with more care',
  ],
  CT_TISSUE: [
    'more or less fat, tissue or bone than in the training data',
    'metal, contrast medium, or another part of the body',
  ],
  CT_BONES: [
    'bones lie elsewhere than in the training data',
    'is it the right part of the body, the right position of the patient?',
  ],
  NOT_FOUND: [
    'a structure that most training patients have was not found',
    'contour it by hand, unless it was removed',
  ],
  REQUIRED_NOT_FOUND: ['the recipe requires a structure that was not found', 'contour it by hand before planning'],
  CUT_SCAN: [
    'the scan ends inside a structure that a complete scan holds',
    'contour the rest on a longer scan; do not use its volume or its dose',
  ],
  FIELD_OF_VIEW: ['a structure reaches the edge of the image', 'it may be cut there'],
  SIDE: [
    'a structure lies on the other side of the body than in all training data',
    'left and right exchanged? Do not use it before somebody has looked',
  ],
  LEFT_RIGHT: ['a left structure lies to the right of its twin', 'do not use them before somebody has looked'],
  VOLUME: ['a structure is larger or smaller than in all training patients', 'look at its first and last slice'],
  PLACE: ['a structure lies elsewhere in the body than in the training data', 'look at it in all three planes'],
  ORDER: [
    'a structure lies higher or lower than another, unlike in the training data',
    'look at both in the sagittal plane',
  ],
  END_OF_SCAN: ['a structure reaches the first or last slice', 'it may be cut: do not use its volume or its dose'],
  COMPONENTS: [
    'a structure is in more pieces than in any training patient',
    'look at each piece: one may lie in another organ',
  ],
  OVERLAP: ['two structures share volume', 'look at the border between them'],
  IMPLICIT_ONLY: ['a contour is too long for explicit VR', 'nothing, if the TPS takes implicit VR'],
  CONTOURS_LEFT_OUT: ['a correction has contours that are no closed planar ones', 'compare its contours in the TPS'],
  CONTOURS_OUTSIDE_CT: ['contours of a correction lie in no slice of the CT', 'check that it was corrected on this CT'],
  OTHER_FRAME_OF_REFERENCE: [
    'ROIs of a correction are in another frame of reference',
    'check that it was corrected on this CT',
  ],
  DANGLING_IMAGE_REFERENCE: [
    'a correction names images that the CT does not have',
    'nothing: contours are placed by position',
  ],
  CONTRADICTING_IMAGE_REFERENCE: [
    'a contour names another image than the one at its position',
    'nothing: the position counts',
  ],
  DECIMAL_STRING_TOO_LONG: [
    'a correction has numbers of more than 16 characters',
    'nothing here; another system may refuse the file',
  ],
};
