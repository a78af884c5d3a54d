import { escapeHtml } from '../escape-html.ts';

/** Markup that needs no escaping any more. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** undefined and false leave no trace; of a list every item stands. */
export type HtmlValue = string | number | Html | undefined | false | readonly HtmlValue[];

/** Template for markup: whatever is put in is text, unless it is markup itself. Attribute values have to be quoted. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = parts[0]!;
  for (const [index, value] of values.entries()) text += asMarkup(value) + parts[index + 1]!;
  return new Html(text);
}

function asMarkup(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map(asMarkup).join('');
}
