/** PS3.8 table 9-21: what a peer's A-ASSOCIATE-RJ says. */
const reasons: Readonly<Record<string, string>> = {
  '1/2': 'application context name not supported',
  '1/3': 'calling AE title not recognised',
  '1/7': 'called AE title not recognised',
  '2/2': 'protocol version not supported',
  '3/1': 'temporary congestion',
  '3/2': 'local limit exceeded',
};

export function rejectionInWords({ source, reason }: { source: number; reason: number }): string {
  return reasons[`${source}/${reason}`] ?? 'no reason given';
}
