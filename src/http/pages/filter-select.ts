import { html, type Html } from './html.ts';

/** A choice of a filter form; `any` chooses nothing. */
export function filterSelect(name: string, label: string, any: string, options: readonly Html[]): Html {
  return html`<label
    ><span>${label}</span
    ><select name="${name}">
      <option value="">${any}</option>
      ${options}
    </select></label
  >`;
}

export function filterOptions(options: readonly (readonly [value: string, text: string])[], chosen?: string): Html[] {
  return options.map(
    ([value, text]) => html`<option value="${value}" ${value === chosen && html`selected`}>${text}</option>`,
  );
}
