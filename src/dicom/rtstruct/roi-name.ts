/** What every planning system shows of an ROI name; Pinnacle and Eclipse take no more. */
const longest = 16;
/** What tells two organs apart stands at the end in TG-263: `_L`, `_R`, `_S`, `_01`. */
const distinction = /_[^_]{1,3}$/;

/**
 * The names of a structure set's ROIs: each ends with the suffix that marks it as drawn by a machine, has at most 16
 * characters, and occurs once, also where upper and lower case are the same. A name is cut before the part that tells
 * left from right; one that is taken gets a number.
 */
export function roiNames(names: readonly string[], suffix: string): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    for (let attempt = 1; ; attempt++) {
      const candidate = cut(name, (attempt === 1 ? '' : String(attempt)) + suffix);
      if (taken.has(candidate.toLowerCase())) continue;
      taken.add(candidate.toLowerCase());
      return candidate;
    }
  });
}

function cut(name: string, ending: string): string {
  // At least one character of the name stays.
  const end = ending.slice(0, longest - 1);
  const room = longest - end.length;
  if (name.length <= room) return name.trim() + end;
  const kept = distinction.exec(name)?.[0] ?? '';
  const stem = kept.length < room ? name.slice(0, room - kept.length).trim() + kept : name.slice(0, room).trim();
  return stem + end;
}
