import type { en } from './en.ts';

/** The same texts in whatever language. */
type Translated<T> = T extends string
  ? string
  : T extends (...args: infer Args) => string
    ? (...args: Args) => string
    : { readonly [Key in keyof T]: Translated<T[Key]> };

/** Every text of the pages in one language; a text that is missing in a language is an error of its types. */
export type Texts = Translated<typeof en>;
