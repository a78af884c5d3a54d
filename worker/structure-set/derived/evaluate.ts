import type { Directions, Formula } from '../../../src/config/recipe-formula.ts';
import { cleanUp } from '../../inference/clean-up.ts';
import type { Grid } from '../../volume/volume.ts';
import { intersection, subtraction, union } from './combine.ts';
import { grown, shrunk } from './margin.ts';
import { type Box, isEmpty, maskOf, nothing, overlap, type Part, placedOn, trimmed, wholeGrid } from './part.ts';
import { isotropic } from './reachable.ts';
import { smoothed } from './smooth.ts';

/** @returns undefined for a structure that was not found */
export type Lookup = (name: string) => Part | undefined;

/**
 * A derived structure on the CT grid; undefined where something that it is made from was not found. It may be empty: a
 * PTV that lies in the cord as a whole is gone.
 */
export function evaluate(formula: Formula, grid: Grid, lookup: Lookup): Part | undefined {
  try {
    return trimmed(part(formula, grid, lookup, wholeGrid(grid)));
  } catch (error) {
    if (error === notFound) return undefined;
    throw error;
  }
}

const notFound = Symbol('a structure was not found');

/** @param within what of the result is wanted: a distance from a body is measured where the tumour is, not everywhere */
function part(formula: Formula, grid: Grid, lookup: Lookup, within: Box): Part {
  const whole = (of: Formula) => part(of, grid, lookup, wholeGrid(grid));
  switch (formula.kind) {
    case 'name': {
      const found = lookup(formula.name);
      if (found === undefined) throw notFound;
      return found;
    }
    case 'or':
      return union(part(formula.left, grid, lookup, within), part(formula.right, grid, lookup, within));
    case 'and':
    case 'and not': {
      const left = part(formula.left, grid, lookup, within);
      const right = part(formula.right, grid, lookup, overlap(left, within));
      return formula.kind === 'and' ? intersection(left, right) : subtraction(left, right);
    }
    case 'margin':
      return moved(whole(formula.of), formula.mm, grid, within);
    case 'crop': {
      const of = part(formula.of, grid, lookup, within);
      return subtraction(of, grown(whole(formula.other), isotropic(formula.mm), grid, overlap(of, within)));
    }
    case 'inside': {
      const of = part(formula.of, grid, lookup, within);
      return intersection(of, shrunk(whole(formula.other), isotropic(formula.mm), grid, overlap(of, within)));
    }
    case 'ring': {
      const of = whole(formula.of);
      const outer = grown(of, isotropic(formula.outer), grid, within);
      return subtraction(outer, grown(of, isotropic(formula.inner), grid, within));
    }
    case 'smooth':
      return smoothed(whole(formula.of), formula.mm, grid);
    case 'fill':
      return cleaned(whole(formula.of), grid, { fillHoles: true });
    default:
      return cleaned(whole(formula.of), grid, { largestComponents: 1 });
  }
}

function moved(of: Part, mm: Directions, grid: Grid, within: Box): Part {
  const values = Object.values(mm);
  if (values.every((value) => value === 0)) return of;
  if (values.every((value) => value >= 0)) return grown(of, mm, grid, within);
  const inwards = Object.fromEntries(Object.entries(mm).map(([direction, value]) => [direction, -value])) as Directions;
  return shrunk(of, inwards, grid, within);
}

function cleaned(of: Part, grid: Grid, rules: { fillHoles?: boolean; largestComponents?: number }): Part {
  if (isEmpty(of)) return nothing;
  // A copy, since the clean-up changes it in place.
  const copy = placedOn(of, of);
  cleanUp(maskOf(copy, grid), { fillHoles: false, minimumComponentCm3: 0, minimumVolumeCm3: 0, ...rules });
  return trimmed(copy);
}
