import type { Texts } from '../texts/texts.ts';
import { html } from './html.ts';
import { pageFrame } from './page-frame.ts';

/** @param to path that is shown after the login */
export function loginPage(texts: Texts, to: string, problem?: string): string {
  const { title, name, password, submit } = texts.login;
  const main = html`<form class="panel login" method="post" action="/login">
    <h1>${title}</h1>
    <label>${name} <input name="name" autocomplete="username" required autofocus maxlength="64" /></label>
    <label
      >${password} <input name="password" type="password" autocomplete="current-password" required maxlength="1024"
    /></label>
    <input type="hidden" name="to" value="${to}" />
    <p class="answer" role="alert">${problem}</p>
    <button class="primary">${submit}</button>
  </form>`;
  return pageFrame(texts, { title, place: '', main });
}
