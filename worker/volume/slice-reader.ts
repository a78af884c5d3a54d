import { readFile } from 'node:fs/promises';
import { statSync } from 'node:fs';
import type { CtGeometry } from '../../src/dicom/ct-geometry.ts';
import type { DicomFile } from '../../src/dicom/data-set.ts';
import { SliceDecoder } from '../../src/dicom/pixel-data.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import type { SliceSource } from '../../src/dicom/slice-source.ts';
import { ReadBuffers } from '../../src/read-buffers.ts';

/** Reads slices of one series. */
export class SliceReader {
  readonly #decoder: SliceDecoder;
  readonly #buffers = new ReadBuffers();
  /** The frames of a multi-frame file mostly follow one another: it is read once. */
  #open: { path: string; file: Promise<DicomFile> } | undefined;

  constructor(geometry: CtGeometry) {
    this.#decoder = new SliceDecoder(geometry);
  }

  /**
   * @param hu rows × columns, which get the CT numbers in LPS order
   * @throws ContourNodeError DICOM_UNREADABLE, PIXEL_DECODING; what the disk throws
   */
  async read(source: SliceSource, hu: Int16Array): Promise<void> {
    if (typeof source === 'string') {
      await this.#buffers.read(source, statSync(source).size, (bytes) => this.#decoder.decode(parseDicom(bytes), hu));
      return;
    }
    const { path, frame } = source;
    if (this.#open?.path !== path) this.#open = { path, file: readFile(path).then(parseDicom) };
    await this.#decoder.decode(await this.#open.file, hu, frame);
  }
}
