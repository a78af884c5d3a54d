import { z } from 'zod';
import { unsupported } from '../nnunet/parse-part.ts';
import type { Component } from './bundle-config.ts';

/** Arguments that change nothing here; they are not read, so that it does not matter what they say. */
const immaterial = new Set(['keys', 'allow_missing_keys', 'dtype', 'device', 'progress']);

/**
 * The arguments of a component as a schema wants them; one that the schema does not know is refused.
 * @param ignored arguments that change nothing in this component, besides the usual ones
 * @throws ContourNodeError MODEL_NOT_SUPPORTED naming the argument
 */
export function argumentsOf<T extends z.ZodRawShape>(
  component: Component,
  shape: T,
  ignored: readonly string[] = [],
): z.output<z.ZodObject<T>> {
  const names = [...component.arguments].filter(
    (name) => name in shape || !(immaterial.has(name) || ignored.includes(name)),
  );
  const given = Object.fromEntries(names.map((name) => [name, component.argument(name)]));
  const parsed = z.strictObject(shape).safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0];
  const said = name === undefined || !(name in given) ? 'missing' : JSON.stringify(given[String(name)]);
  throw unsupported(`${component.where} (${component.name}): ${String(name)} is ${said}, which is not supported`);
}

/**
 * Place of a key among those that a transform works on; undefined where it leaves that key alone.
 * @throws ContourNodeError MODEL_NOT_SUPPORTED
 */
export function placeOf(key: string, component: Component): number | undefined {
  if (!component.arguments.has('keys')) return 0;
  const keys = z
    .union([z.string().transform((one) => [one]), z.array(z.string())])
    .safeParse(component.argument('keys'));
  if (!keys.success) throw unsupported(`${component.where} (${component.name}): keys are no names`);
  const at = keys.data.indexOf(key);
  return at < 0 ? undefined : at;
}

/** A value that may be given once for all keys, or as a list with one for each. */
export function perKey<T extends z.ZodType>(schema: T, at: number) {
  return z.union([
    schema,
    z
      .array(schema)
      .refine((values) => at < values.length)
      .transform((values) => values[at]!),
  ]);
}
