import { type DataElement, type Encoding, encode } from '../../dicom/rtstruct/data-element.ts';
import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../dicom/transfer-syntax.ts';
import { Dataset } from './dcmjs-dimse.ts';

/**
 * A data set that is sent byte for byte as this program stored or encoded it. The library would parse its own and encode
 * it anew, in another character set and with other text.
 */
export class EncodedDataset extends Dataset {
  readonly #bytes: Buffer;

  /** @param uids what the library copies from the data set into the command of a C-STORE request */
  constructor(
    bytes: Buffer,
    transferSyntaxUid: string,
    uids: { readonly sopClassUid: string; readonly sopInstanceUid: string },
  ) {
    super({ SOPClassUID: uids.sopClassUid, SOPInstanceUID: uids.sopInstanceUid }, transferSyntaxUid);
    this.#bytes = bytes;
  }

  /** Of a request whose command does not name an instance by its data set. */
  static of(elements: readonly DataElement[], encoding: Encoding): EncodedDataset {
    const transferSyntaxUid = encoding === 'implicit' ? implicitVrLittleEndian : explicitVrLittleEndian;
    return new EncodedDataset(encode(elements, encoding), transferSyntaxUid, { sopClassUid: '', sopInstanceUid: '' });
  }

  get length(): number {
    return this.#bytes.length;
  }

  override getDenaturalizedDataset(): Buffer {
    return this.#bytes;
  }
}
