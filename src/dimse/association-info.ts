import type { Peer } from '../config/schema.ts';

/** Who is at the other end of an association that was accepted. */
export interface AssociationInfo {
  /** Random; names the association in the log. */
  readonly id: string;
  readonly callingAe: string;
  readonly calledAe: string;
  /** IP address without brackets; an IPv4 address mapped into IPv6 stands here as IPv4. */
  readonly address: string;
  /** The configured peer with this calling AE title at this address; none for an unconfigured sender on this machine. */
  readonly peer?: Peer;
}

/** `released`: by A-RELEASE; `aborted`: by A-ABORT of either side; `lost`: the connection ended without a word. */
export type AssociationEnd = 'released' | 'aborted' | 'lost';

/** Affected SOP Class UID, SOP Instance UID of the C-STORE request; the data set is not yet compared with them. */
export interface NamedInstance {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** An instance that lies complete in `incoming/`. */
export interface ReceivedInstance extends NamedInstance {
  /** A DICOM file: file meta information, then the data set's bytes as they came. */
  readonly path: string;
  readonly transferSyntaxUid: string;
  /** Size of the file. */
  readonly bytes: number;
  /** Resolves when it is on the disk, where that is configured; rejects when the disk would not have it. Until then it is not kept. */
  readonly flushed: Promise<void>;
  readonly association: AssociationInfo;
}
