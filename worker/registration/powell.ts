/** A search ends when a round improves the value by less than this share. */
const leastImprovement = 1e-5;
const mostRounds = 12;
const golden = 0.381966;

/**
 * A minimum of a function near a point: Powell's method (1964, Computer J 7: 155) with line searches by bracketing and golden
 * section. It draws nothing at random.
 * @param reach first step of the line searches, the same for every parameter
 */
export function minimise(
  cost: (point: readonly number[]) => number,
  start: readonly number[],
  reach: number,
): number[] {
  const directions = start.map((_, axis) => start.map((_, other): number => (axis === other ? 1 : 0)));
  let point = [...start];
  let value = cost(point);
  for (let round = 0; round < mostRounds; round += 1) {
    const before = { point, value };
    let [steepest, most] = [0, 0];
    for (const [index, direction] of directions.entries()) {
      const found = alongLine(cost, point, value, direction, reach);
      if (value - found.value > most) [steepest, most] = [index, value - found.value];
      ({ point, value } = found);
    }
    if (before.value - value <= leastImprovement * Math.abs(before.value)) break;
    // The way of the whole round takes the place of the direction that helped most (Numerical Recipes, section 10.7.3).
    const way = point.map((coordinate, axis) => coordinate - before.point[axis]!);
    const length = Math.hypot(...way);
    if (length === 0) break;
    const unit = way.map((part) => part / length);
    const found = alongLine(cost, point, value, unit, reach);
    if (found.value < value) {
      ({ point, value } = found);
      directions[steepest] = unit;
    }
  }
  return point;
}

function alongLine(
  cost: (point: readonly number[]) => number,
  from: readonly number[],
  value: number,
  direction: readonly number[],
  reach: number,
): { point: number[]; value: number } {
  const at = (step: number): number[] => from.map((coordinate, axis) => coordinate + step * direction[axis]!);
  const of = (step: number): number => cost(at(step));
  let best = { step: 0, value };
  let [low, high] = [-reach, reach];
  const ends = [of(low), of(high)] as const;
  if (Math.min(...ends) < best.value) {
    // Walk on while it goes down.
    const sign = ends[1] < ends[0] ? 1 : -1;
    best = { step: sign * reach, value: Math.min(...ends) };
    for (let n = 2; n <= 6; n += 1) {
      const next = of(sign * n * reach);
      if (next >= best.value) break;
      best = { step: sign * n * reach, value: next };
    }
    [low, high] = [best.step - reach, best.step + reach];
  }
  // Golden section between both ends, with the best step in between.
  const tolerance = reach / 25;
  while (high - low > tolerance) {
    const [below, above] = [best.step - low, high - best.step];
    const step = above > below ? best.step + golden * above : best.step - golden * below;
    const next = of(step);
    if (next < best.value) {
      if (step > best.step) low = best.step;
      else high = best.step;
      best = { step, value: next };
    } else if (step > best.step) high = step;
    else low = step;
  }
  return { point: at(best.step), value: best.value };
}
