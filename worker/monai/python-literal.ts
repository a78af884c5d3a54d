/**
 * Reads a plain value as Python writes it: a number, True, False, None, a string, a list or tuple of such, and references
 * (`@id`), which `reference` resolves. Nothing is computed.
 * @returns undefined where the text is anything else
 */
export function pythonLiteral(text: string, reference: (id: string) => unknown): { value: unknown } | undefined {
  let rest = text.trim();
  const take = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(rest)?.[0];
    if (found !== undefined) rest = rest.slice(found.length).trimStart();
    return found;
  };
  const sequence = (end: string): { value: unknown } | undefined => {
    const values: unknown[] = [];
    let commas = 0;
    while (!rest.startsWith(end)) {
      const one = read();
      if (one === undefined) return undefined;
      values.push(one.value);
      if (take(/^,/) !== undefined) commas += 1;
      else if (!rest.startsWith(end)) return undefined;
    }
    rest = rest.slice(1).trimStart();
    // In Python (1) is the number, (1,) a tuple.
    return { value: end === ')' && values.length === 1 && commas === 0 ? values[0] : values };
  };
  const read = (): { value: unknown } | undefined => {
    const number = take(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?(?![\w.])/i);
    if (number !== undefined) return { value: Number(number) };
    const word = take(/^(True|False|None)(?!\w)/);
    if (word !== undefined) return { value: word === 'None' ? null : word === 'True' };
    const quoted = take(/^('[^'\\]*'|"[^"\\]*")/);
    if (quoted !== undefined) return { value: quoted.slice(1, -1) };
    const id = take(/^@\w+((::|#)\w+)*/);
    if (id !== undefined) return { value: reference(id.slice(1)) };
    if (take(/^\(/) !== undefined) return sequence(')');
    if (take(/^\[/) !== undefined) return sequence(']');
    return undefined;
  };
  const found = read();
  return rest === '' ? found : undefined;
}
