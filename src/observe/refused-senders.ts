import type { Config } from '../config/schema.ts';
import type { AssociationEnd, AssociationInfo } from '../dimse/association-info.ts';
import type { RefusedSender, ScpObserver } from '../dimse/scp/scp-observer.ts';
import { problem } from '../problem.ts';
import type { Problem } from '../problem.ts';

const remembered = 24 * 3_600_000;
/** More senders than a hospital has are an attack: the log and the metrics count it. */
const mostSenders = 50;

interface Entry {
  readonly sender: RefusedSender;
  readonly reason: string;
  readonly times: number;
  readonly last: number;
}

/**
 * Who was refused at the DICOM ports in the last 24 hours, in memory: for the people who can enter what is missing. It
 * stands between the ports and another observer.
 */
export class RefusedSenders implements ScpObserver {
  readonly #next: ScpObserver;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(next: ScpObserver, now: () => number) {
    this.#next = next;
    this.#now = now;
  }

  started(association: AssociationInfo): void {
    this.#next.started(association);
  }

  ended(association: AssociationInfo, how: AssociationEnd): void {
    this.#next.ended(association, how);
  }

  answered(association: AssociationInfo, status: number, bytes: number): void {
    this.#next.answered(association, status, bytes);
  }

  rejected(reason: string, sender: RefusedSender): void {
    this.#next.rejected(reason, sender);
    const key = [reason, sender.address, sender.callingAe, sender.calledAe].join('\n');
    const times = (this.#entries.get(key)?.times ?? 0) + 1;
    this.#entries.delete(key);
    this.#entries.set(key, { sender, reason, times, last: this.#now() });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > mostSenders && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** One line a sender, the last one first; what the configuration admits by now is left out. */
  problems(config: Pick<Config, 'dicom' | 'peers'>): Problem[] {
    const since = this.#now() - remembered;
    return [...this.#entries.values()]
      .filter(({ last, sender }) => last >= since && !isEntered(config, sender))
      .toReversed()
      .map(({ sender, reason, times }) => {
        const name = sender.callingAe === undefined ? '' : `${sender.callingAe} `;
        const often = times === 1 ? 'once' : `${times} times`;
        return {
          ...problem('SENDER_REFUSED', `${name}(${sender.address}) was refused ${often} in 24 hours: ${reason}`),
          remedy: remedyFor(config, sender),
        };
      });
  }
}

/** What is missing, where both sides can be told exactly. */
function remedyFor(
  { dicom }: Pick<Config, 'dicom' | 'peers'>,
  { callingAe, calledAe, address }: RefusedSender,
): string {
  if (calledAe !== undefined && !titlesOf(dicom).includes(calledAe))
    return `at the sender, correct the called AE title ${calledAe} to ${dicom.aeTitle}; or enter ${calledAe} under dicom.otherAeTitles`;
  if (callingAe !== undefined) return `enter under peers: aeTitle ${callingAe}, addresses [${address}]`;
  return `enter the sender under peers with addresses [${address}], if it may send here`;
}

function titlesOf({ aeTitle, otherAeTitles }: Config['dicom']): readonly string[] {
  return [aeTitle, ...otherAeTitles];
}

function isEntered({ dicom, peers }: Pick<Config, 'dicom' | 'peers'>, { callingAe, calledAe, address }: RefusedSender) {
  const known = peers.some(
    (peer) => peer.addresses.includes(address) && (callingAe === undefined || peer.aeTitle === callingAe),
  );
  return known && (calledAe === undefined || titlesOf(dicom).includes(calledAe));
}
