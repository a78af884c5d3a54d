/** For each ROI channel the channel that takes its place after a left-right flip: itself, or that of the paired ROI. */
export function mirroredChannels(
  rois: readonly { readonly name: string; readonly mirror?: string | undefined }[],
): number[] {
  return rois.map(({ mirror }, index) => {
    const paired = rois.findIndex(({ name }) => name === mirror);
    return paired < 0 ? index : paired;
  });
}
