/** Where the pixels of a slice are: a classic CT image file, or a frame (from 1) of a multi-frame one. */
export type SliceSource = string | { readonly path: string; readonly frame: number };
