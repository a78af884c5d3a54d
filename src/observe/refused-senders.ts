import { addressLiesIn } from '../config/address-range.ts';
import type { Config, Peer } from '../config/schema.ts';
import { mrImageStorage } from '../dicom/mr-image.ts';
import { spatialRegistrationStorage } from '../dicom/spatial-registration.ts';
import { closings, isKnownAddress, rejections } from '../dimse/association-policy.ts';
import type { AssociationEnd, AssociationInfo } from '../dimse/association-info.ts';
import type { RefusedSender, ScpObserver } from '../dimse/scp/scp-observer.ts';
import {
  deformableSpatialRegistrationStorage,
  enhancedMrImageStorage,
  inputsFrom,
  refusedClasses,
} from '../dimse/presentation-context.ts';
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
    // A renewed certificate is seen by its use alone.
    for (const [key, { sender, reason }] of this.#entries)
      if (sender.address === association.address && ofCertificates.includes(reason)) this.#entries.delete(key);
  }

  ended(association: AssociationInfo, how: AssociationEnd): void {
    this.#next.ended(association, how);
  }

  answered(association: AssociationInfo, status: number, bytes: number): void {
    this.#next.answered(association, status, bytes);
  }

  contextRefused(reason: string, sender: RefusedSender): void {
    this.#next.contextRefused(reason, sender);
    this.#remember(reason, sender);
  }

  rejected(reason: string, sender: RefusedSender): void {
    this.#next.rejected(reason, sender);
    this.#remember(reason, sender);
  }

  #remember(reason: string, { address, callingAe, calledAe }: RefusedSender): void {
    const sender = { address, callingAe, calledAe };
    const key = [reason, sender.address, sender.callingAe, sender.calledAe].join('\n');
    const times = (this.#entries.get(key)?.times ?? 0) + 1;
    this.#entries.delete(key);
    this.#entries.set(key, { sender, reason, times, last: this.#now() });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > mostSenders && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** One line a sender, the last one first; what the configuration admits by now is left out. */
  problems(config: Judged): Problem[] {
    const since = this.#now() - remembered;
    return [...this.#entries.values()]
      .filter(({ last }) => last >= since)
      .toReversed()
      .flatMap(({ sender, reason, times }) => {
        const remedy = remedies[reason]?.(sender, config);
        if (remedy === undefined) return [];
        const name = sender.callingAe ?? 'a sender';
        const often = times === 1 ? 'once' : `${times} times`;
        return {
          ...problem('SENDER_REFUSED', `${name} (${sender.address}) was refused ${often} in 24 hours: ${reason}`),
          remedy,
        };
      });
  }
}

type Judged = Pick<Config, 'dicom' | 'peers' | 'routes' | 'recipes'>;
type Remedy = (sender: RefusedSender, config: Judged) => string | undefined;

/** What to do, by the reason; undefined where the configuration admits the sender by now. What passes by itself has none. */
const remedies: Readonly<Record<string, Remedy>> = {
  [rejections.calledAe.words]: ({ calledAe = '' }, { dicom: { aeTitle, otherAeTitles } }) =>
    [aeTitle, ...otherAeTitles].includes(calledAe)
      ? undefined
      : `at the sender, correct the called AE title ${calledAe} to ${aeTitle}; or enter ${calledAe} under dicom.otherAeTitles`,
  [rejections.callingAe.words]: (sender, config) =>
    peerOf(sender, config) === undefined
      ? `if it may send here, enter it under peers: aeTitle ${sender.callingAe}, addresses [${sender.address}]`
      : undefined,
  [rejections.plain.words]: (sender, config) => {
    const peer = peerOf(sender, config);
    return peer?.tls?.incoming === 'required'
      ? `at the sender, turn TLS on and call port ${config.dicom.tls?.port}; or set tls.incoming: optional for peer ${peer.name}`
      : undefined;
  },
  [rejections.certificate.words]: () => "enter the sender's certificate under peers[].tls.certificates",
  [closings.address]: ({ address }, config) =>
    isKnownAddress(config, address)
      ? undefined
      : `if it may send here, enter it under peers: its AE title, addresses [${address}]`,
  [refusedClasses.get(mrImageStorage)!]: (sender, config) =>
    inputsFrom(peerOf(sender, config), config).mr
      ? undefined
      : 'if it shall send MR, set accept.mr: take for its peer entry',
  [refusedClasses.get(spatialRegistrationStorage)!]: (sender, config) =>
    inputsFrom(peerOf(sender, config), config).registrations
      ? undefined
      : 'if it shall send registrations, set accept.registrations: take for its peer entry',
  [refusedClasses.get(enhancedMrImageStorage)!]: () =>
    'where MR is to be used, let the sender convert it to classic MR images (MR Image Storage)',
  [refusedClasses.get(deformableSpatialRegistrationStorage)!]: () =>
    'where a registration is to be used, let the sender write a rigid one (Spatial Registration Storage)',
  [closings.handshake]: (_sender, { dicom }) =>
    `at the sender, turn TLS 1.2 or 1.3 on${dicom.plain ? `, or call port ${dicom.port} without TLS` : ''}`,
  [closings.noCertificate]: () => 'give the sender a certificate, and enter it under peers[].tls.certificates',
  [closings.outdatedCertificate]: () => 'renew the certificate at the sender; check the clocks of both machines',
  [closings.certificate]: () =>
    "enter the sender's certificate under peers[].tls.certificates, or have a CA of dicom.tls.caFile sign it",
};

const ofCertificates: readonly string[] = [closings.noCertificate, closings.outdatedCertificate, closings.certificate];

function peerOf({ callingAe, address }: RefusedSender, { peers }: Pick<Config, 'peers'>): Peer | undefined {
  return peers.find(
    ({ aeTitle, addresses }) => aeTitle === callingAe && addresses.some((entry) => addressLiesIn(address, entry)),
  );
}
