import type { Problem } from '../../problem.ts';
import { texts } from '../texts.ts';
import { html } from './html.ts';
import { pageFrame } from './page-frame.ts';
import { problemBox } from './parts.ts';

/** An error for a person who opened a page. */
export function errorPage(problem: Problem): string {
  const { title, back } = texts.errorPage;
  return pageFrame({
    title,
    place: '',
    main: html`<h1>${title}</h1>
      ${problemBox(problem)}
      <p><a href="/">${back}</a></p>`,
  });
}
