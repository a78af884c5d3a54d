/** PS3.8 table 9-21: what a peer's A-ASSOCIATE-RJ says. */
const reasons: Readonly<Record<string, string>> = {
  '1/2': 'application context name not supported',
  '1/3': 'calling AE title not recognised',
  '1/7': 'called AE title not recognised',
  '2/2': 'protocol version not supported',
  '3/1': 'temporary congestion',
  '3/2': 'local limit exceeded',
};

/** What to do about each of them on the side that calls. */
export const rejectionRemedies = {
  '1/2': 'the peer speaks no DICOM of this kind: check its host and port',
  '1/3': "enter this node's AE title (dicom.aeTitle) with the address of this machine at the peer",
  '1/7': 'correct peers[].aeTitle: the peer has another AE title; `contour-node doctor` tries it',
  '2/2': 'the peer speaks no DICOM of this kind: check its host and port',
  '3/1': 'the peer has no room at the moment: wait, or let it take more associations at once',
  '3/2': 'the peer has no room at the moment: wait, or let it take more associations at once',
} as const;

interface Rejection {
  readonly source: number;
  readonly reason: number;
}

export function rejectionInWords({ source, reason }: Rejection): string {
  return reasons[`${source}/${reason}`] ?? 'no reason given';
}

/** Undefined where the reason says nothing. */
export function rejectionRemedy({ source, reason }: Rejection): string | undefined {
  return (rejectionRemedies as Readonly<Record<string, string>>)[`${source}/${reason}`];
}
