/** dcmjs brings no types: what this project uses of it. */
declare module 'dcmjs' {
  interface DictionaryEntry {
    tag: string;
    vr: string;
    vm: string;
    name: string;
  }
  const dcmjs: {
    data: {
      DicomMetaDictionary: {
        /** By `(GGGG,EEEE)` in capitals. */
        dictionary: Record<string, DictionaryEntry | undefined>;
        /** By keyword. */
        nameMap: Record<string, DictionaryEntry | undefined>;
      };
    };
  };
  export default dcmjs;
}
