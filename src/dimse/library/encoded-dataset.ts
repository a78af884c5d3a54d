import { type DataElement, type Encoding, encode } from '../../dicom/rtstruct/data-element.ts';
import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../dicom/transfer-syntax.ts';
import { Dataset } from './dcmjs-dimse.ts';

/** A data set as this program encodes it; the library would do it in its own way. */
export class EncodedDataset extends Dataset {
  readonly #bytes: Buffer;

  constructor(elements: readonly DataElement[], encoding: Encoding) {
    super({}, encoding === 'implicit' ? implicitVrLittleEndian : explicitVrLittleEndian);
    this.#bytes = encode(elements, encoding);
  }

  override getDenaturalizedDataset(): Buffer {
    return this.#bytes;
  }
}
