import { abortReason, PduViolation } from '../pdu.ts';

/** A thousand references take about 150 KB. */
const maximumBytes = 8 * 1024 * 1024;

/** The data set of a storage commitment request or result, gathered in memory up to a limit. */
export class GatheredDataSet {
  #parts: Buffer[] | undefined;
  #bytes = 0;

  /** It is on its way, or complete and not read yet. */
  get receiving(): boolean {
    return this.#parts !== undefined;
  }

  /** A command came that a data set follows. */
  begin(): void {
    this.#parts = [];
    this.#bytes = 0;
  }

  /** @throws PduViolation */
  append(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > maximumBytes)
      throw new PduViolation(abortReason.notSpecified, 'data set of a storage commitment too long');
    this.#parts?.push(bytes);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts ?? []);
  }

  /** It was read and is no longer needed. */
  end(): void {
    this.#parts = undefined;
  }
}
