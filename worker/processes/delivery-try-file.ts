import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliverPayload } from '../../src/work/payloads.ts';
import { type DeliveryTry, deliveryTrySchema } from '../../src/work/delivery-try.ts';
import {
  deliveriesFolder,
  isTryBegunFile,
  orderFolder,
  ordersFolder,
  parseRevisionFolder,
  seriesFolder,
  tryBegunFile,
  tryFile,
} from '../../src/work/paths.ts';
import { OrderFiles } from '../order/order-files.ts';

/**
 * One try in the folder `deliveries/DESTINATION` of an order. `try-NNN.json` is its outcome; `try-NNN.begun` without it
 * means that the instance may have reached the destination and the worker ended before it wrote the outcome.
 */
export class DeliveryTryFile {
  readonly #dataDirectory: string;
  readonly #payload: DeliverPayload;
  readonly #files: OrderFiles;

  constructor(dataDirectory: string, payload: DeliverPayload) {
    this.#dataDirectory = dataDirectory;
    this.#payload = payload;
    this.#files = new OrderFiles(dataDirectory, payload);
  }

  /** The outcome of this try, if it ran before. */
  async read(): Promise<DeliveryTry | undefined> {
    const bytes = await this.#files.read(this.#json);
    return bytes === undefined ? undefined : deliveryTrySchema.parse(JSON.parse(bytes.toString('utf8')));
  }

  /**
   * Marks that a try begins.
   *
   * @returns whether a try with this SOP Instance UID to this destination was begun before, also by another order of
   * the series: then the destination may have the instance
   */
  async begin(sopInstanceUid: string): Promise<boolean> {
    const before = await this.#wasBegun(sopInstanceUid);
    await this.#files.writeOnce(tryBegunFile(this.#payload.destination, this.#payload.try), '');
    return before;
  }

  /** Writes the outcome of the try once. If two workers ran it, the first outcome stays and is returned. */
  async write(content: DeliveryTry): Promise<DeliveryTry> {
    const text = `${JSON.stringify(deliveryTrySchema.parse(content), undefined, 1)}\n`;
    try {
      await this.#files.writeOnce(this.#json, text);
      return content;
    } catch (error) {
      const other = await this.read();
      if (other === undefined) throw error;
      return other;
    }
  }

  /** Relative to the order's folder. */
  get #json(): string {
    return tryFile(this.#payload.destination, this.#payload.try);
  }

  async #wasBegun(sopInstanceUid: string): Promise<boolean> {
    const { series, destination } = this.#payload;
    for (const folder of await this.#names(seriesFolder(series))) {
      const revision = parseRevisionFolder(folder);
      if (revision === undefined) continue;
      for (const order of await this.#names(ordersFolder(series, revision))) {
        const tries = await this.#names(join(orderFolder(series, revision, order), deliveriesFolder(destination)));
        if (!tries.some(isTryBegunFile)) continue;
        const result = await new OrderFiles(this.#dataDirectory, { series, revision, order }).result();
        if (result?.structureSets.some((set) => set.sopInstanceUid === sopInstanceUid)) return true;
      }
    }
    return false;
  }

  /** @param folder relative to the data directory */
  async #names(folder: string): Promise<string[]> {
    return readdir(join(this.#dataDirectory, folder)).catch(() => []);
  }
}
