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
      Colors: {
        /** Red, green, blue from 0 to 1 to L*, a*, b* on the scales of PS3.3 C.10.7.1.1. */
        rgb2DICOMLAB: (rgb: readonly number[]) => number[];
      };
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
