// Fetches planes of a CT chunk by chunk, and forgets those that were not shown for longest.

/**
 * @typedef {'axial' | 'coronal' | 'sagittal'} Axis
 * @typedef {{ width: number, height: number, positions: number[], planesPerChunk: number, chunks: [number, number][] }} Stack
 * @typedef {{ name: string, chunks: Record<Axis, [number, number][]> }} Overlay an image beside the CT on the same planes
 * @typedef {{ overlays?: Overlay[], version: string, levels: number[], origin: [number, number], pixelMm: number, start: [number, number, number], planes: Record<Axis, Stack> }} PictureIndex
 */

/** Bytes of grey values that stay in memory: a small part of a CT. */
const kept = 16 * 1024 * 1024;

export class PlaneLoader {
  /** @type {Map<string, Promise<Uint8Array>>} */
  #chunks = new Map();
  /** @type {Map<string, Uint8Array>} */
  #loaded = new Map();
  #base;
  #index;
  /** Chunks in the files of each axis. @type {Record<Axis, [number, number][]>} */
  #files;

  /**
   * @param {string} base address of the order
   * @param {PictureIndex} index
   * @param {Overlay} [overlay] default: the CT
   */
  constructor(base, index, overlay) {
    const { axial, coronal, sagittal } = index.planes;
    this.#base = `${base}/review/${index.version}${overlay === undefined ? '' : `/${overlay.name}`}`;
    this.#index = index;
    this.#files = overlay?.chunks ?? { axial: axial.chunks, coronal: coronal.chunks, sagittal: sagittal.chunks };
  }

  /**
   * The grey values of one plane, row by row; the chunks beside it are fetched for what comes next.
   *
   * @param {Axis} axis
   * @param {number} number
   * @returns {Promise<Uint8Array>}
   */
  async plane(axis, number) {
    const { width, height, planesPerChunk } = this.#index.planes[axis];
    const chunks = this.#files[axis];
    const chunk = Math.floor(number / planesPerChunk);
    const bytes = await this.#chunk(axis, chunk);
    const within = number % planesPerChunk;
    const next = within * 2 < planesPerChunk ? chunk - 1 : chunk + 1;
    if (next >= 0 && next < chunks.length) this.#chunk(axis, next).catch(() => undefined);
    return bytes.subarray(within * width * height, (within + 1) * width * height);
  }

  /**
   * @param {Axis} axis
   * @param {number} chunk
   * @returns {Promise<Uint8Array>}
   */
  #chunk(axis, chunk) {
    const name = `${axis}/${chunk}`;
    let bytes = this.#chunks.get(name);
    if (bytes === undefined) {
      bytes = this.#fetch(name);
      bytes.catch(() => this.#chunks.delete(name));
    } else this.#chunks.delete(name);
    // Last used, last in the map.
    this.#chunks.set(name, bytes);
    return bytes;
  }

  /**
   * @param {string} name
   * @returns {Promise<Uint8Array>}
   */
  async #fetch(name) {
    const response = await fetch(`${this.#base}/${name}`);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    this.#loaded.set(name, bytes);
    let sum = [...this.#loaded.values()].reduce((total, one) => total + one.length, 0);
    for (const oldest of this.#chunks.keys()) {
      const size = this.#loaded.get(oldest)?.length;
      if (sum <= kept || size === undefined || oldest === name) continue;
      this.#chunks.delete(oldest);
      this.#loaded.delete(oldest);
      sum -= size;
    }
    return bytes;
  }
}
