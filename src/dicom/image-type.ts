/** Values of Image Type 3 (PS3.3 C.8.2.1.1.1) that name no axial slice but a view made of others. */
const otherViews = new Set([
  'LOCALIZER',
  'SCOUT',
  'TOPOGRAM',
  'SURVIEW',
  'MPR',
  'REFORMATTED',
  'CPR',
  'CSA REFORMAT',
  'PROJECTION IMAGE',
  'MIP',
  'MIN_IP',
  'MAX_IP',
  'VOLUME_RENDERING',
  'SSD',
  'VRT',
  '3D',
  'SCREEN SAVE',
  'DOSE_INFO',
]);

/**
 * Whether an image is taken for a slice: neither a localiser nor a reformat. Many exports leave value 3 out or write
 * something of their own; Image Orientation then decides.
 */
export function isAxialImage(imageType: readonly string[]): boolean {
  return !otherViews.has(imageType[2]?.toUpperCase() ?? '');
}
