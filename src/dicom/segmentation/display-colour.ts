import dcmjs from 'dcmjs';

/** Recommended Display CIELab Value (PS3.3 C.10.7.1.1) of red, green and blue from 0 to 255: L*, a*, b* as 16-bit numbers. */
export function displayColour(colour: readonly [number, number, number]): [number, number, number] {
  const values = dcmjs.data.Colors.rgb2DICOMLAB(colour.map((part) => part / 255));
  return values.map((value) => Math.min(65_535, Math.max(0, Math.round(value)))) as [number, number, number];
}
