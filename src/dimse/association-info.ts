import type { Peer } from '../config/schema.ts';

/** The peer of an accepted association. */
export interface AssociationInfo {
  /** Random; names the association in the log. */
  readonly id: string;
  readonly callingAe: string;
  readonly calledAe: string;
  /** IP address without brackets; an IPv4 address mapped into IPv6 is given as IPv4. */
  readonly address: string;
  /** The configured peer with this calling AE title at this address; undefined for an unconfigured sender on this machine. */
  readonly peer?: Peer;
}

/** `released`: by A-RELEASE; `aborted`: by A-ABORT of either side; `lost`: the connection closed without A-RELEASE or A-ABORT. */
export type AssociationEnd = 'released' | 'aborted' | 'lost';

/** Affected SOP Class UID, SOP Instance UID of the C-STORE request; the data set is not yet compared with them. */
export interface NamedInstance {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** An instance that was refused before its file was complete. */
export interface RefusedInstance extends NamedInstance {
  /** The beginning of the file that it would have become: file meta information, then the first bytes of the data set. */
  readonly head: Uint8Array;
}

/** An instance whose file is complete in `incoming/`. */
export interface ReceivedInstance extends NamedInstance {
  /** A DICOM file: file meta information, then the data set's bytes as received. */
  readonly path: string;
  readonly transferSyntaxUid: string;
  /** Size of the file. */
  readonly bytes: number;
  /** Resolves when it is flushed to the disk (at once without intake.syncToDisk); rejects where that fails. Until then it is not kept. */
  readonly flushed: Promise<void>;
  readonly association: AssociationInfo;
}
