import { unsupported } from '../nnunet/parse-part.ts';
import { pythonLiteral } from './python-literal.ts';

/** An object of the configuration that MONAI would make: its class and arguments, which are read when they are asked for. */
export interface Component {
  /** Class without its module. */
  readonly name: string;
  /** Id in the configuration, e.g. `preprocessing::transforms::2`. */
  readonly where: string;
  readonly arguments: ReadonlySet<string>;
  /** @throws ContourNodeError MODEL_NOT_SUPPORTED (an expression, a reference to nothing) */
  argument(name: string): unknown;
}

/** Keys of a component that are no arguments. */
const notArguments = new Set(['_target_', '_disabled_', '_requires_', '_desc_', '_mode_']);

/**
 * The configuration of a MONAI bundle (monai.bundle.ConfigParser): `_target_` names a class, `@id` refers to another value,
 * `%id` copies one, `$` begins Python. Nothing is ever evaluated: of Python, plain values are read.
 */
export class BundleConfig {
  readonly #root: unknown;
  readonly #file: string;

  /** @param file names the configuration in errors */
  constructor(root: unknown, file: string) {
    this.#root = root;
    this.#file = file;
  }

  /** Whether it has a value at that id. */
  has(id: string): boolean {
    return this.#raw(id) !== undefined;
  }

  /**
   * The component at an id.
   * @throws ContourNodeError MODEL_NOT_SUPPORTED (there is none, or its class is not one of MONAI's)
   */
  component(id: string): Component {
    const found = this.#component(this.#raw(id), id);
    if (found === undefined) throw this.#refused(id, 'is disabled');
    return found;
  }

  /**
   * The transforms of the Compose at an id, without those that are disabled.
   * @throws ContourNodeError MODEL_NOT_SUPPORTED
   */
  transforms(id: string): Component[] {
    const compose = this.#follow(this.#raw(id), id);
    const list = this.#follow(
      isRecord(compose.value) ? compose.value['transforms'] : undefined,
      `${compose.where}::transforms`,
    );
    if (!isRecord(compose.value) || compose.value['_target_'] === undefined || !Array.isArray(list.value))
      throw this.#refused(id, 'is no Compose with a list of transforms');
    const { name } = this.component(id);
    if (name !== 'Compose') throw this.#refused(id, `is a ${name}, not a Compose`);
    return list.value.flatMap((one, n) => this.#component(one, `${list.where}::${n}`) ?? []);
  }

  /** @returns undefined for a component that is disabled */
  #component(raw: unknown, id: string): Component | undefined {
    const { value, where } = this.#follow(raw, id);
    if (!isRecord(value)) throw this.#refused(where, value === undefined ? 'is missing' : 'has no _target_');
    const target = value['_target_'];
    if (typeof target !== 'string') throw this.#refused(where, 'has no _target_');
    if (isTrue(this.#value(value['_disabled_'] ?? false, `${where}::_disabled_`))) return undefined;
    const [, name] = /^(?:monai(?:\.\w+)*\.)?(\w+)$/.exec(target) ?? [];
    if (name === undefined) throw this.#refused(where, `is a ${target}, which is none of MONAI's classes`);
    if ((value['_mode_'] ?? 'default') !== 'default') throw this.#refused(where, '_mode_ is not supported');
    return {
      name,
      where,
      arguments: new Set(Object.keys(value).filter((key) => !notArguments.has(key))),
      argument: (key) => this.#value(value[key], `${where}::${key}`),
    };
  }

  /** Follows a value that is nothing but a reference or a macro to what it names. */
  #follow(raw: unknown, id: string): { value: unknown; where: string } {
    const seen = new Set<string>();
    let value = raw;
    let where = id;
    for (;;) {
      const [, next] = typeof value === 'string' ? (/^(?:\$?@|%)(\w+(?:(?:::|#)\w+)*)$/.exec(value.trim()) ?? []) : [];
      if (next === undefined) return { value, where };
      if (seen.has(next)) throw this.#refused(id, 'refers to itself');
      seen.add(next);
      value = this.#referred(next, where);
      where = next.replaceAll('#', '::');
    }
  }

  /** A plain value: references are followed, everything else that begins with `$` is refused. */
  #value(raw: unknown, id: string, depth = 0): unknown {
    if (depth > 20) throw this.#refused(id, 'refers to itself');
    const { value, where } = this.#follow(raw, id);
    if (Array.isArray(value)) return value.map((one, n) => this.#value(one, `${where}::${n}`, depth + 1));
    if (isRecord(value)) {
      if ('_target_' in value)
        throw this.#refused(id, `is an object (${String(value['_target_'])}), not a plain value`);
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, this.#value(one, `${where}::${key}`, depth + 1)]),
      );
    }
    if (typeof value !== 'string' || !/^[$@%]/.test(value.trim())) return value;
    const [, type] = /^\$(?:torch|np|numpy)\.(float\w*|u?int\w*|bool\w*)$/.exec(value.trim()) ?? [];
    if (type !== undefined) return type;
    const literal = value.trim().startsWith('$')
      ? pythonLiteral(value.trim().slice(1), (next) => this.#value(this.#referred(next, where), next, depth + 1))
      : undefined;
    if (literal === undefined)
      throw this.#refused(
        where,
        `is ${value}, only plain values and references are read`,
        'write the value itself there',
      );
    return literal.value;
  }

  #referred(id: string, where: string): unknown {
    const value = this.#raw(id);
    if (value === undefined) throw this.#refused(where, `refers to ${id}, which is not there`);
    return value;
  }

  #raw(id: string): unknown {
    let value = this.#root;
    for (const key of id.split(/::|#/)) {
      const step: unknown = typeof value === 'string' ? this.#follow(value, id).value : value;
      if (Array.isArray(step)) value = step[Number(key)] as unknown;
      else if (isRecord(step) && Object.hasOwn(step, key)) value = step[key];
      else return undefined;
    }
    return value;
  }

  #refused(where: string, what: string, remedy?: string) {
    return unsupported(`${this.#file}: ${where} ${what}`, remedy);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** MONAI takes the word for the value. */
function isTrue(value: unknown): boolean {
  return typeof value === 'string' ? value.trim().toLowerCase() === 'true' : Boolean(value);
}
