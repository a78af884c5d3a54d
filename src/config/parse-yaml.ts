import { type Document, isAlias, LineCounter, parseDocument, visit } from 'yaml';

export interface ParsedYaml {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** As plain values; undefined where there is a fault. */
  readonly value: unknown;
  /** Why the text is no YAML, in one line. */
  readonly fault?: { readonly line: number; readonly message: string };
}

/** YAML with its lines. Never throws; a key that occurs twice is a fault. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const faultAt = (offset: number, message: string): ParsedYaml => ({
    document,
    lines,
    value: undefined,
    fault: { line: lines.linePos(offset).line, message },
  });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const [message = 'not YAML'] = broken.message.split('\n');
    return faultAt(broken.pos[0], message.replace(/ at line \d+, column \d+:?$/, ''));
  }
  try {
    return { document, lines, value: document.toJS() };
  } catch (error) {
    // An alias (*name) without its anchor (&name), or so many of them that a short file would become a huge value.
    const [message = 'not YAML'] = (error as Error).message.split('\n');
    return faultAt(firstAlias(document), message);
  }
}

/** Offset of the first alias that leads nowhere, else of the first one. */
function firstAlias(document: Document.Parsed): number {
  let first: number | undefined;
  let unresolved: number | undefined;
  visit(document, (_key, node) => {
    if (!isAlias(node)) return;
    first ??= node.range?.[0];
    if (node.resolve(document) === undefined) unresolved ??= node.range?.[0];
  });
  return unresolved ?? first ?? 0;
}
