import { ContourNodeError, type ErrorCode } from '../../errors.ts';
import { CStoreRequest, type CStoreResponse } from '../library/dcmjs-dimse.ts';
import { OutboundAssociation } from './outbound-association.ts';
import type { PeerAddress } from './peer-connection.ts';
import { formatStatus, isWarning, dimseStatus } from '../status.ts';
import { readStoredDataset, type StoredInstance } from './stored-instance.ts';

export interface StoreOptions {
  readonly callingAe: string;
  readonly timeoutSeconds: number;
  /** Called after each instance, whatever its outcome. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** The outcome of one file. */
export interface StoreResult {
  readonly path: string;
  readonly outcome: 'stored' | 'refused' | 'not sent';
  /** DIMSE status of its response, if there was one. */
  readonly status?: number;
  readonly code?: ErrorCode;
  readonly message?: string;
}

/** PS3.8 9.3.2.2: IDs are the odd numbers to 255. */
const maximumContexts = 128;

/**
 * Sends files by C-STORE, each in its own transfer syntax and byte for byte, one after the other. Where an association
 * breaks, its other files are `not sent`.
 *
 * @throws ContourNodeError where an association cannot be opened (PEER_UNREACHABLE, AssociationRejected…)
 */
export async function storeInstances(
  peer: PeerAddress,
  instances: readonly StoredInstance[],
  options: StoreOptions,
): Promise<StoreResult[]> {
  const results: StoreResult[] = [];
  for (const batch of batches(instances)) {
    const association = await OutboundAssociation.open({
      peer,
      callingAe: options.callingAe,
      timeoutSeconds: options.timeoutSeconds,
      contexts: [...batch.contexts.values()],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    for (const instance of batch.instances) {
      results.push(await storeOne(association, peer, instance));
      options.onProgress?.(results.length, instances.length);
    }
    await association.release();
  }
  return results;
}

async function storeOne(
  association: OutboundAssociation,
  peer: PeerAddress,
  instance: StoredInstance,
): Promise<StoreResult> {
  const { path } = instance;
  try {
    if (association.failure !== undefined) throw association.failure;
    const status = await store(association, peer, instance);
    if (status === dimseStatus.success || isWarning(status)) return { path, outcome: 'stored', status };
    return {
      path,
      outcome: 'refused',
      status,
      code: 'STORE_REFUSED',
      message: `${peer.aeTitle} answered ${formatStatus(status)}`,
    };
  } catch (error) {
    if (!(error instanceof ContourNodeError)) throw error;
    const outcome = error.code === 'PRESENTATION_CONTEXT_REFUSED' ? 'refused' : 'not sent';
    return { path, outcome, code: error.code, message: error.message };
  }
}

/**
 * Sends one instance in its stored encoding.
 *
 * @returns the DIMSE status of the one response for this instance
 * @throws ContourNodeError PRESENTATION_CONTEXT_REFUSED, STORE_WRONG_RESPONSE, DIMSE_TIMEOUT, ASSOCIATION_ABORTED, and
 *   those of reading the file
 */
export async function store(
  association: OutboundAssociation,
  peer: PeerAddress,
  instance: StoredInstance,
): Promise<number> {
  if (!association.accepts(instance.sopClassUid, instance.transferSyntaxUid)) {
    throw new ContourNodeError(
      'PRESENTATION_CONTEXT_REFUSED',
      `${peer.aeTitle} refused the SOP class or its transfer syntax`,
    );
  }
  const dataset = await readStoredDataset(instance);
  const response = await association.perform<CStoreResponse>(new CStoreRequest(dataset), dataset.length);
  const affected = response.getAffectedSopInstanceUid() as unknown;
  // PS3.7 table 9.3-2: the UID is optional in the response.
  const other =
    typeof affected === 'string' && affected !== '' && affected.replace(/[\0 ]+$/, '') !== instance.sopInstanceUid;
  if (response.getCommandFieldType() !== cStoreResponse || other) {
    throw new ContourNodeError(
      'STORE_WRONG_RESPONSE',
      `${peer.aeTitle} sent a response to another request than this C-STORE`,
    );
  }
  return response.getStatus();
}

/** Command Field of a C-STORE-RSP (PS3.7 annex E). */
const cStoreResponse = 0x8001;

interface Batch {
  contexts: Map<string, { abstractSyntax: string; transferSyntaxes: string[] }>;
  instances: StoredInstance[];
}

/** Instances that fit into one association: one presentation context for each SOP class and transfer syntax. */
function batches(instances: readonly StoredInstance[]): Batch[] {
  const all: Batch[] = [];
  for (const instance of instances) {
    const key = `${instance.sopClassUid}|${instance.transferSyntaxUid}`;
    let batch = all.at(-1);
    if (batch === undefined || (!batch.contexts.has(key) && batch.contexts.size === maximumContexts)) {
      batch = { contexts: new Map(), instances: [] };
      all.push(batch);
    }
    batch.contexts.set(key, { abstractSyntax: instance.sopClassUid, transferSyntaxes: [instance.transferSyntaxUid] });
    batch.instances.push(instance);
  }
  return all;
}
