/** Fields to change; `undefined` removes an optional one. */
type Changes<T> = { readonly [K in keyof T]?: T[K] | (undefined extends T[K] ? undefined : never) };

/** A copy of `value` with the changes; a field set to undefined is absent, as in JSON. */
export function changed<T extends object>(value: T, changes: Changes<T>): T {
  const fields = Object.entries({ ...value, ...changes }).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields) as T;
}
