/** Status of a C-STORE, N-ACTION or N-EVENT-REPORT response (PS3.4 table B.2-1, PS3.7 annex C) that this program answers or acts on. */
export const dimseStatus = {
  success: 0x0000,
  processingFailure: 0x0110,
  duplicateSopInstance: 0x0111,
  noSuchSopInstance: 0x0112,
  noSuchEventType: 0x0113,
  invalidArgumentValue: 0x0115,
  invalidSopInstance: 0x0117,
  noSuchSopClass: 0x0118,
  sopClassNotSupported: 0x0122,
  noSuchActionType: 0x0123,
  notAuthorized: 0x0124,
  outOfResources: 0xa700,
  dataSetDoesNotMatchSopClass: 0xa900,
  cannotUnderstand: 0xc000,
  /** Of this node: the SOP Instance UID is known with other pixels. */
  otherPixelsUnderKnownUid: 0xc001,
} as const;

/** `0xA700`: as the standard's tables write a status. */
export function formatStatus(status: number): string {
  return `0x${status.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** PS3.4 table B.2-1: stored, with a warning. */
export function isWarning(status: number): boolean {
  return (status & 0xf000) === 0xb000;
}

/** PS3.4 tables C.4-1 and C.4-2: more responses to this request follow. */
export function isPending(status: number): boolean {
  return status === 0xff00 || status === 0xff01;
}
