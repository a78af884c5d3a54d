import type { AssociationEnd, AssociationInfo } from '../association-info.ts';

/** Who was refused, as far as it is known: the titles once an association was requested. */
export interface RefusedSender {
  readonly address: string;
  readonly callingAe?: string | undefined;
  readonly calledAe?: string | undefined;
}

/** Is told what happens at the DICOM ports, to count it. */
export interface ScpObserver {
  /** A connection was closed, or an association rejected, for one of a fixed set of reasons. */
  rejected(reason: string, sender: RefusedSender): void;
  /** An association stands, and a SOP class that it offers was refused, for one of a fixed set of reasons. */
  contextRefused(reason: string, sender: RefusedSender): void;
  started(association: AssociationInfo): void;
  /** Every C-STORE request of the association is answered. */
  ended(association: AssociationInfo, how: AssociationEnd): void;
  /**
   * A C-STORE request was answered.
   *
   * @param bytes size of the instance's file; 0 where it was not received whole
   */
  answered(association: AssociationInfo, status: number, bytes: number): void;
}
