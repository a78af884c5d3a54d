import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { enhancedCtImageStorage } from '../../../src/dicom/enhanced-ct.ts';
import { ctImageStorage } from '../../../src/dicom/ct-instance.ts';
import {
  deflatedExplicitVrLittleEndian,
  explicitVrBigEndian,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
} from '../../../src/dicom/transfer-syntax.ts';
import { CStoreRequest, type CStoreResponse } from '../../../src/dimse/library/dcmjs-dimse.ts';
import { EncodedDataset } from '../../../src/dimse/library/encoded-dataset.ts';
import { OutboundAssociation } from '../../../src/dimse/scu/outbound-association.ts';
import { dataSetOf } from '../../dimse/example-instance.ts';
import { rawSender } from '../../peers/raw-sender.ts';
import type { PlannedSeries, Random, SentInstance } from './planned-series.ts';

const syntaxes = [
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  explicitVrBigEndian,
  deflatedExplicitVrLittleEndian,
] as const;
const contexts = [
  ...syntaxes.map((syntax) => ({ abstractSyntax: ctImageStorage, transferSyntaxes: [syntax] })),
  { abstractSyntax: enhancedCtImageStorage, transferSyntaxes: [explicitVrLittleEndian] },
];

const associations = 6;

/**
 * A router: one AE title for the scanners of a whole department. It spreads its series over six associations at once, in
 * any order, the images of one over two of them; some series have associations of their own.
 */
export class Router {
  static readonly aeTitle = 'ROUTER';
  readonly #port: number;
  readonly #random: Random;

  constructor(port: number, random: Random) {
    this.#port = port;
    this.#random = random;
  }

  /** Sends these series at once, asserts each response, and releases the associations. */
  async send(wave: readonly Pick<PlannedSeries, 'kind' | 'instances' | 'alone'>[]): Promise<void> {
    const shared: { kind: string; instance: SentInstance; order: number }[][] = Array.from(
      { length: associations },
      () => [],
    );
    for (const { kind, instances } of wave.filter(({ alone }) => alone === undefined)) {
      const two = [0, 1].map(() => shared[Math.floor(this.#random() * associations)]!);
      for (const instance of instances)
        two[Math.floor(this.#random() * 2)]!.push({ kind, instance, order: this.#random() });
    }
    await Promise.all([
      ...shared.map(async (queue) => {
        const association = await this.#open();
        for (const { kind, instance } of queue.toSorted((a, b) => a.order - b.order))
          await store(association, kind, instance);
        await association.release();
      }),
      ...wave.map(({ kind, instances, alone = [] }) => this.#alone(kind, instances, alone)),
    ]);
  }

  async #alone(
    kind: string,
    instances: readonly SentInstance[],
    ends: readonly ('released' | 'aborted' | 'lost')[],
  ): Promise<void> {
    for (const end of ends) {
      await sleep(this.#random() * 300);
      if (end === 'lost') await this.#breakOff(instances);
      else if (instances.some(({ sopInstanceUid }) => sopInstanceUid.length > 64)) await this.#sendAsItIs(instances);
      else {
        const association = await this.#open();
        for (const instance of instances) await store(association, kind, instance);
        if (end === 'released') await association.release();
        else association.abort();
      }
    }
  }

  /** The cable is pulled in the middle of one more image. */
  async #breakOff(instances: readonly SentInstance[]): Promise<void> {
    const sender = await rawSender(this.#port, Router.aeTitle, explicitVrLittleEndian);
    for (const { file } of instances) assert.equal(await sender.store(file), 0);
    sender.storeHalf(instances[0]!.file);
    sender.peer.socket.destroy();
    await sender.peer.closed;
  }

  /** dcmjs-dimse cuts a UID in a command to 64 characters. */
  async #sendAsItIs(instances: readonly SentInstance[]): Promise<void> {
    const sender = await rawSender(this.#port, Router.aeTitle, explicitVrLittleEndian);
    for (const { file, isRefused } of instances) assert.equal((await sender.store(file)) !== 0, isRefused);
    await sender.release();
  }

  #open(): Promise<OutboundAssociation> {
    return OutboundAssociation.open({
      peer: { aeTitle: 'CONTOUR', host: '127.0.0.1', port: this.#port },
      callingAe: Router.aeTitle,
      timeoutSeconds: 60,
      contexts,
    });
  }
}

async function store(association: OutboundAssociation, kind: string, instance: SentInstance): Promise<void> {
  const { file, transferSyntaxUid, isRefused } = instance;
  const dataSet = new EncodedDataset(dataSetOf(file), transferSyntaxUid, instance);
  const response = await association.perform<CStoreResponse>(new CStoreRequest(dataSet));
  assert.equal(response.getStatus() !== 0, isRefused, `${kind}: status ${response.getStatus().toString(16)}`);
}
