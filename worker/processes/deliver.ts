import type { Config, Destination } from '../../src/config/schema.ts';
import { configuredPeer } from '../../src/dimse/scu/configured-peer.ts';
import { sendStructureSet } from '../../src/dimse/scu/deliver-structure-set.ts';
import { type DeliveryOutcome, outcomeOfError } from '../../src/dimse/scu/delivery-outcome.ts';
import type { PeerAddress } from '../../src/dimse/scu/peer-connection.ts';
import { asContourNodeError, ContourNodeError } from '../../src/errors.ts';
import type { DeliverPayload } from '../../src/work/payloads.ts';
import type { DeliveryTry } from '../../src/work/delivery-try.ts';
import type { WorkOrder } from '../../src/work/work-order.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
import { faultPoint } from '../../src/fault-point.ts';
import { OrderFiles } from '../order/order-files.ts';
import { DeliveryTryFile } from './delivery-try-file.ts';

type StructureSet = WorkResult['structureSets'][number];

/**
 * One try of one delivery: checks the SHA-256 of the order's structure set and sends it to the destination as configured
 * now. The outcome is written to `deliveries/DESTINATION/try-NNN.json`; a try with such a file is not made again.
 *
 * @throws ContourNodeError only where the outcome cannot be written
 */
export async function deliver(payload: DeliverPayload, config: Config, signal?: AbortSignal): Promise<DeliveryTry> {
  const tryFile = new DeliveryTryFile(config.dataDirectory, payload);
  const known = await tryFile.read();
  if (known !== undefined) return known;
  const startedAt = new Date().toISOString();
  const outcome = await send(payload, config, tryFile, signal).catch((error: unknown) =>
    outcomeOfError(asContourNodeError(error)),
  );
  faultPoint('delivery-answered');
  const written = await tryFile.write({
    formatVersion: 1,
    destination: payload.destination,
    try: payload.try,
    startedAt,
    endedAt: new Date().toISOString(),
    ...outcome,
  });
  faultPoint('delivery-written');
  return written;
}

async function send(
  payload: DeliverPayload,
  config: Config,
  tryFile: DeliveryTryFile,
  signal?: AbortSignal,
): Promise<DeliveryOutcome> {
  const files = new OrderFiles(config.dataDirectory, payload);
  const order = await files.order();
  const result = await files.result();
  const set = result?.structureSets.find(({ profile }) => profile === payload.profile);
  const profile = order.profiles.find(({ key }) => key === payload.profile);
  if (set === undefined || profile === undefined) {
    throw new ContourNodeError(
      'RESULT_CONFLICT',
      'the order has no structure set of the profile that is to be delivered',
    );
  }
  const destination = destinationOf(config, payload.destination);
  const peer = peerOf(config, destination, order);
  const paths = await checkedPaths(files, set);
  const segmentation = set.segmentation && (await checkedPaths(files, set.segmentation));
  const triedBefore = await tryFile.begin(set.sopInstanceUid);
  faultPoint('delivery-begun');
  return sendStructureSet(peer, paths, {
    ...(segmentation !== undefined && { segmentation: Object.values(segmentation)[0]! }),
    callingAe: order.aeTitle,
    transferSyntaxes: profile.transferSyntaxes,
    triedBefore,
    timeoutSeconds: destination.timeoutSeconds,
    ...(signal === undefined ? {} : { signal }),
  });
}

function destinationOf(config: Config, name: string): Destination {
  const found = config.destinations.find((candidate) => candidate.name === name);
  if (found === undefined)
    throw new ContourNodeError('CONFIG_INVALID', `this worker's configuration has no destination ${name}`);
  return found;
}

function peerOf(config: Config, destination: Destination, order: WorkOrder): PeerAddress {
  const name = destination.peer === 'return-to-sender' ? order.sender : destination.peer;
  const peer = config.peers.find((candidate) => candidate.name === name);
  const address = peer === undefined ? undefined : configuredPeer(peer, config.dicom);
  if (address !== undefined) return address;
  const why = name === undefined ? 'the sender is no configured peer' : `peer ${name} has no host and port`;
  throw new ContourNodeError('CONFIG_INVALID', `destination ${destination.name}: ${why}`);
}

/**
 * The stored files, after checking their digests.
 *
 * @throws ContourNodeError RESULT_CONFLICT
 */
async function checkedPaths(
  files: OrderFiles,
  set: Pick<StructureSet, 'files'>,
): Promise<Partial<Record<'implicit' | 'explicit', string>>> {
  const paths: Partial<Record<'implicit' | 'explicit', string>> = {};
  for (const encoding of ['implicit', 'explicit'] as const) {
    const stored = set.files[encoding];
    if (stored === undefined) continue;
    await files.structureSet(stored);
    paths[encoding] = files.path(stored.file);
  }
  return paths;
}
