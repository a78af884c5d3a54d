import type { Problem } from '../../problem.ts';
import type { Texts } from '../texts/texts.ts';
import { html } from './html.ts';
import { pageFrame } from './page-frame.ts';
import { problemBox } from './parts.ts';

/** An error for a person who opened a page. */
export function errorPage(texts: Texts, problem: Problem): string {
  const { title, back } = texts.errorPage;
  return pageFrame(texts, {
    title,
    place: '',
    main: html`<h1>${title}</h1>
      ${problemBox(texts, problem)}
      <p><a href="/">${back}</a></p>`,
  });
}
