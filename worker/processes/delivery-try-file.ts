import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DeliverPayload, type DeliveryTry, deliveryTrySchema } from '../../src/work/work-order.ts';
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
    const bytes = await this.#files.read(this.#name('json'));
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
    await this.#files.writeOnce(this.#name('begun'), '');
    return before;
  }

  /** Writes the outcome of the try once. If two workers ran it, the first outcome stays and is returned. */
  async write(content: DeliveryTry): Promise<DeliveryTry> {
    const text = `${JSON.stringify(deliveryTrySchema.parse(content), undefined, 1)}\n`;
    try {
      await this.#files.writeOnce(this.#name('json'), text);
      return content;
    } catch (error) {
      const other = await this.read();
      if (other === undefined) throw error;
      return other;
    }
  }

  /** Relative to the order's folder. */
  #name(extension: 'json' | 'begun'): string {
    return join(
      'deliveries',
      this.#payload.destination,
      `try-${String(this.#payload.try).padStart(3, '0')}.${extension}`,
    );
  }

  #folder({ series, revision, order }: { series: string; revision: number; order: string }): string[] {
    return ['series', series, `revision-${revision}`, 'orders', order, 'deliveries', this.#payload.destination];
  }

  async #wasBegun(sopInstanceUid: string): Promise<boolean> {
    const { series } = this.#payload;
    const root = join(this.#dataDirectory, 'series', series);
    for (const folder of await names(root)) {
      const revision = Number(/^revision-(\d+)$/.exec(folder)?.[1]);
      if (Number.isNaN(revision)) continue;
      for (const order of await names(join(root, folder, 'orders'))) {
        const tries = await names(join(this.#dataDirectory, ...this.#folder({ series, revision, order })));
        if (!tries.some((name) => name.endsWith('.begun'))) continue;
        const result = await new OrderFiles(this.#dataDirectory, { series, revision, order }).result();
        if (result?.structureSets.some((set) => set.sopInstanceUid === sopInstanceUid)) return true;
      }
    }
    return false;
  }
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
