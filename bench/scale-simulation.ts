/**
 * A day of many hospitals before one pool: CTs arrive at random at the rate of the hour, the one that waits longest goes to the
 * first slot that is free, and keeps it while its images are fetched, it is contoured and its contours are returned.
 */

/** Share of a day's CTs in each half hour from 00:00; assumed: a working day with a rush at 07:30 and a quiet lunch. */
export const workingDay: readonly number[] = Array.from({ length: 48 }, (_, halfHour) => {
  const hour = halfHour / 2;
  if (hour === 7.5) return 4;
  if (hour === 7 || hour === 8) return 2.5;
  if (hour >= 12 && hour < 13) return 0.8;
  if (hour >= 8.5 && hour < 16.5) return 2;
  if (hour >= 16.5 && hour < 18.5) return 1;
  return hour >= 6 && hour < 21 ? 0.3 : 0.05;
});

export interface Arrival {
  /** Second of the day. */
  readonly at: number;
  /** Seconds that the CT holds a slot. */
  readonly service: number;
}

export interface Waits {
  readonly cts: number;
  /** Seconds from the arrival of a CT to its contours. */
  readonly median: number;
  readonly p95: number;
  readonly longest: number;
  /** Share of the busiest half hour in which a slot is busy. */
  readonly busiest: number;
}

/** Seconds of the day at which CTs arrive, ascending. */
export function arrivals(hospitals: number, ctsPerHospital: number, next: () => number): number[] {
  const sum = workingDay.reduce((a, b) => a + b, 0);
  return workingDay.flatMap((weight, halfHour) => {
    const rate = (hospitals * ctsPerHospital * weight) / sum / 1800;
    const times: number[] = [];
    for (let at = -Math.log(1 - next()) / rate; at < 1800; at -= Math.log(1 - next()) / rate)
      times.push(halfHour * 1800 + at);
    return times;
  });
}

export function simulate(cts: readonly Arrival[], slots: number): Waits {
  const free = new Float64Array(slots);
  const busy = new Float64Array(workingDay.length);
  const taken = cts.map(({ at, service: seconds }) => {
    let first = 0;
    for (let slot = 1; slot < slots; slot += 1) if (free[slot]! < free[first]!) first = slot;
    const begin = Math.max(at, free[first]!);
    free[first] = begin + seconds;
    const halfHour = Math.min(workingDay.length - 1, Math.floor(begin / 1800));
    busy[halfHour] = busy[halfHour]! + seconds;
    return begin + seconds - at;
  });
  const sorted = taken.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    cts: cts.length,
    median: at(0.5),
    p95: at(0.95),
    longest: sorted.at(-1) ?? 0,
    busiest: Math.max(...busy) / (1800 * slots),
  };
}

/** The fewest slots with which 95 of 100 CTs are contoured within the limit. */
export function fewestSlots(cts: readonly Arrival[], limitSeconds: number): number {
  let [low, high] = [1, 1];
  const isEnough = (slots: number): boolean => simulate(cts, slots).p95 <= limitSeconds;
  // What takes longer than the limit by itself is never contoured within it.
  while (!isEnough(high) && high < cts.length) [low, high] = [high, high * 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isEnough(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}
