/** A small seeded generator (sfc32 after Chris Doty-Humphrey, public domain): the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Whole number in [low, high]. */
  whole(low: number, high: number): number;
  pick<T>(values: readonly [T, ...T[]]): T;
  chance(probability: number): boolean;
}

/** @param stream a further number that separates independent uses of one seed (anatomy, noise, ...) */
export function seededRandom(seed: number, stream = 0): Random {
  let a = seed | 0;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = stream | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // Neighbouring seeds differ in few bits: the first numbers mix them.
  for (let i = 0; i < 15; i++) next();
  const between = (low: number, high: number): number => low + (high - low) * next();
  const whole = (low: number, high: number): number => low + Math.floor((high - low + 1) * next());
  return {
    next,
    between,
    whole,
    pick: (values) => values[whole(0, values.length - 1)] ?? values[0],
    chance: (probability) => next() < probability,
  };
}
