/**
 * The notation of derived structures:
 *
 *     formula := term { ("or" | "and" | "and" "not") term }     from left to right
 *     term    := NAME | FUNCTION "(" formula { "," argument } ")" | "(" formula ")"
 *     argument := NUMBER | DIRECTION ":" NUMBER | formula
 *
 * Numbers are mm. `and` and `or` in one formula need parentheses: nobody has to know which binds more strongly.
 */
export type Formula =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'or' | 'and' | 'and not'; readonly left: Formula; readonly right: Formula }
  | { readonly kind: 'margin'; readonly of: Formula; readonly mm: Directions }
  | { readonly kind: 'crop' | 'inside'; readonly of: Formula; readonly other: Formula; readonly mm: number }
  | { readonly kind: 'ring'; readonly of: Formula; readonly inner: number; readonly outer: number }
  | { readonly kind: 'smooth'; readonly of: Formula; readonly mm: number }
  | { readonly kind: 'fill' | 'largest'; readonly of: Formula };

export const directions = ['left', 'right', 'anterior', 'posterior', 'superior', 'inferior'] as const;
export type Direction = (typeof directions)[number];
export type Directions = Readonly<Record<Direction, number>>;

/** A margin beyond this is a slip of the pen. */
export const largestMarginMm = 100;
/** The largest standard deviation of `smooth`. */
export const largestSmoothingMm = 20;

/** How each function is called, for messages and docs/recipes.md. */
export const functions = {
  margin: { call: 'margin(A, 5)', does: 'A and what lies within 5 mm of it; margin(A, -5): A without its outer 5 mm' },
  crop: { call: 'crop(A, B, 3)', does: 'A without what lies within 3 mm of B' },
  ring: { call: 'ring(A, 2, 10)', does: 'what lies from 2 to 10 mm outside of A' },
  inside: { call: 'inside(A, B, 5)', does: 'A as far as it lies in B and at least 5 mm below its surface' },
  smooth: { call: 'smooth(A, 2)', does: 'A without bumps and dents: Gaussian of 2 mm standard deviation, half level' },
  fill: { call: 'fill(A)', does: 'A without holes in its axial slices' },
  largest: { call: 'largest(A)', does: 'the largest connected piece of A' },
} as const;
type FunctionName = keyof typeof functions;

/** Why a text is no formula, in one line, and the character where it shows. */
export class FormulaError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** @throws FormulaError */
export function parseFormula(text: string): Formula {
  const parser = new Parser(tokens(text));
  const formula = parser.formula();
  parser.end();
  return formula;
}

/** Every structure that a formula names, once. */
export function namesIn(formula: Formula): string[] {
  const parts = (one: Formula): Formula[] => {
    if (one.kind === 'name') return [one];
    if ('left' in one) return [...parts(one.left), ...parts(one.right)];
    return [...parts(one.of), ...('other' in one ? parts(one.other) : [])];
  };
  return [...new Set(parts(formula).map((part) => (part as Formula & { kind: 'name' }).name))];
}

interface Token {
  readonly kind: 'word' | 'number' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

/** Names are those of TG-263 and of bundles: letters, digits, `_`, `~`, `!`, `^`, a hyphen within. */
const pattern =
  /\s*(?:(?<number>-?\d+(?:\.\d+)?)(?![\w.])|(?<word>[A-Za-z_~!^][\w~!^]*(?:-[\w~!^]+)*)|(?<sign>[(),:]))/y;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  pattern.lastIndex = 0;
  for (let at = 0; text.slice(at).trim() !== ''; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const start = at + /^\s*/.exec(text.slice(at))![0].length;
    if (match === null) throw new FormulaError(`'${text[start]}' is no part of a formula`, start);
    const { number, word, sign } = match.groups!;
    const kind = number !== undefined ? 'number' : word !== undefined ? 'word' : 'sign';
    found.push({ kind, text: (number ?? word ?? sign)!, at: start });
  }
  return [...found, { kind: 'end', text: '', at: text.length }];
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(all: readonly Token[]) {
    this.#tokens = all;
  }

  formula(): Formula {
    let left = this.#term();
    let joined: string | undefined;
    for (;;) {
      const { text: word, at } = this.#peek();
      if (word !== 'and' && word !== 'or') return left;
      if (joined !== undefined && joined !== word)
        throw new FormulaError("'and' and 'or' side by side: write parentheses", at);
      joined = word;
      this.#next += 1;
      const negated = word === 'and' && this.#takes('not');
      left = { kind: negated ? 'and not' : word, left, right: this.#term() };
    }
  }

  end(): void {
    const { kind, text, at } = this.#peek();
    if (kind !== 'end') throw new FormulaError(`'${text}' is not expected here`, at);
  }

  #term(): Formula {
    const { kind, text, at } = this.#peek();
    this.#next += 1;
    if (text === '(') {
      const inner = this.formula();
      this.#expect(')');
      return inner;
    }
    if (text === 'not') throw new FormulaError("'not' stands after 'and': A and not B", at);
    if (kind !== 'word' || text === 'and' || text === 'or') {
      throw new FormulaError(kind === 'end' ? 'a structure is missing at the end' : `'${text}' is no structure`, at);
    }
    if (this.#peek().text !== '(') return { kind: 'name', name: text };
    if (!Object.hasOwn(functions, text)) {
      const all = Object.values(functions).map(({ call }) => call);
      throw new FormulaError(`no function '${text}'; there are ${all.join(', ')}`, at);
    }
    this.#next += 1;
    const called = this.#call(text as FunctionName);
    if (!this.#takes(')')) throw wrongCall(text as FunctionName, this.#peek().at);
    return called;
  }

  #call(name: FunctionName): Formula {
    const of = this.formula();
    switch (name) {
      case 'margin':
        return { kind: name, of, mm: this.#directions() };
      case 'crop':
      case 'inside': {
        this.#comma(name);
        const other = this.formula();
        return { kind: name, of, other, mm: this.#millimetres(name, 0, largestMarginMm) };
      }
      case 'ring': {
        const inner = this.#millimetres(name, 0, largestMarginMm);
        const { at } = this.#peek();
        const outer = this.#millimetres(name, 0, largestMarginMm);
        if (outer <= inner) throw new FormulaError('the outer distance of a ring is larger than the inner one', at);
        return { kind: name, of, inner, outer };
      }
      case 'smooth':
        return { kind: name, of, mm: this.#millimetres(name, 0.1, largestSmoothingMm) };
      default:
        return { kind: name, of };
    }
  }

  /** `5`, or `left: 5, superior: 10`, or one number for all directions and others for some. */
  #directions(): Directions {
    const { at } = this.#peek();
    const given: Partial<Record<Direction, number>> = {};
    let other: number | undefined;
    do {
      this.#comma('margin');
      const { text: word, at: wordAt } = this.#peek();
      if (!directions.some((direction) => direction === word)) {
        if (other !== undefined || Object.keys(given).length > 0 || this.#peek().kind !== 'number')
          throw new FormulaError(`after it only ${directions.map((one) => `${one}: mm`).join(', ')}`, wordAt);
        other = this.#number(-largestMarginMm, largestMarginMm);
        continue;
      }
      this.#next += 1;
      this.#expect(':');
      if (word in given) throw new FormulaError(`${word} stands there twice`, wordAt);
      given[word as Direction] = this.#number(-largestMarginMm, largestMarginMm);
    } while (this.#peek().text === ',');
    const all = Object.fromEntries(directions.map((one) => [one, given[one] ?? other ?? 0])) as Directions;
    const values = Object.values(all);
    if (values.some((mm) => mm < 0) && values.some((mm) => mm > 0))
      throw new FormulaError('a margin goes outwards in every direction, or inwards in every direction', at);
    return all;
  }

  #millimetres(name: FunctionName, least: number, most: number): number {
    this.#comma(name);
    if (this.#peek().kind !== 'number') throw wrongCall(name, this.#peek().at);
    return this.#number(least, most);
  }

  #number(least: number, most: number): number {
    const { kind, text, at } = this.#peek();
    this.#next += 1;
    if (kind !== 'number') throw new FormulaError('mm are missing', at);
    const value = Number(text);
    if (value < least || value > most) throw new FormulaError(`${text} mm; allowed: ${least} to ${most} mm`, at);
    return value;
  }

  #comma(name: FunctionName): void {
    if (!this.#takes(',')) throw wrongCall(name, this.#peek().at);
  }

  #expect(sign: string): void {
    const { text, at } = this.#peek();
    if (!this.#takes(sign)) throw new FormulaError(`'${sign}' is missing${text === '' ? '' : ` before '${text}'`}`, at);
  }

  #takes(text: string): boolean {
    if (this.#peek().text !== text) return false;
    this.#next += 1;
    return true;
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]!;
  }
}

function wrongCall(name: FunctionName, at: number): FormulaError {
  return new FormulaError(`${name} is written ${functions[name].call}`, at);
}
