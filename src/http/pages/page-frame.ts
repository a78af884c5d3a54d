import type { Texts } from '../texts/texts.ts';
import { version } from '../../version.ts';
import { allows, type RouteRole } from '../access/user.ts';
import { languages } from '../texts/choose-language.ts';
import { html, Html } from './html.ts';
import { errorCode, withCode } from './parts.ts';
import type { Problem } from '../../problem.ts';
import type { Status } from '../node-status.ts';
import type { Reader } from './reader.ts';

export interface Page {
  /** Of the browser's window; the product's name is added. */
  readonly title: string;
  /** Path of the entry in the navigation that this page belongs to. */
  readonly place: string;
  readonly main: Html;
  /** Absent before a login. */
  readonly reader?: Reader;
  /** Scripts of src/http/assets, besides the one that every page has. */
  readonly scripts?: readonly string[];
}

/** This page says the same at length. */
const healthPath = '/health/ready';

/** Links in the header, for those who may follow them. */
const navigation: readonly { path: string; name: Exclude<keyof Texts['navigation'], 'label'>; role: RouteRole }[] = [
  { path: '/', name: 'worklist', role: 'viewer' },
  { path: '/quality', name: 'quality', role: 'viewer' },
  { path: '/structures', name: 'plans', role: 'viewer' },
  { path: '/queues', name: 'queues', role: 'operator' },
  { path: healthPath, name: 'health', role: 'monitor' },
  { path: '/metrics', name: 'metrics', role: 'monitor' },
];

/** A whole document: header with navigation, the page, the footer. */
export function pageFrame(texts: Texts, { title, place, main, reader, scripts = [] }: Page): string {
  return html`<!doctype html>
    <html lang="${texts.language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        ${reader !== undefined && html`<meta name="csrf-token" content="${reader.csrfToken}" />`}
        <title>${title} · ${texts.product}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/page.css" />
        <script type="application/json" id="texts">
          ${scriptTexts(texts)}
        </script>
        ${['live.js', ...scripts].map((name) => html`<script type="module" src="/assets/${name}"></script>`)}
      </head>
      <body>
        <a class="skip" href="#content">${texts.skipToContent}</a>
        <header class="top">
          <a class="brand" href="/">${mark}<span>${texts.product}</span></a>
          <nav aria-label="${texts.navigation.label}">
            <ul>
              ${navigation
                .filter(({ role }) => reader !== undefined && allows(reader.role, role))
                .map(
                  ({ path, name }) =>
                    html`<li>
                      <a href="${path}" ${path === place ? html`aria-current="page"` : undefined}
                        >${texts.navigation[name]}</a
                      >
                    </li>`,
                )}
            </ul>
          </nav>
          ${reader !== undefined && helpLink(texts, reader)} ${reader !== undefined && account(texts, reader)}
          ${languageSwitch(texts)}
          <p id="live" class="live" role="status"></p>
        </header>
        ${reader !== undefined && place !== healthPath && statusLine(texts, reader.status)}
        <main id="content" tabindex="-1">${main}</main>
        <footer>
          <p>${texts.notADevice}</p>
          <p>${texts.version(version)}</p>
        </footer>
      </body>
    </html>`.text.trimStart();
}

/** While something is wrong: what, and what to do about it. */
function statusLine(texts: Texts, { problems, notices }: Status): Html {
  const line = (mood: 'bad' | 'attention', problem: Problem): Html =>
    html`<li class="${mood}">
      <b>${texts.problem(problem)}</b> ${errorCode(problem.code)} ${texts.whatToDo}: ${withCode(texts.remedy(problem))}
    </li>`;
  const lines = [...problems.map((one) => line('bad', one)), ...notices.map((one) => line('attention', one))];
  return html`<ul id="status" class="status" data-live ${lines.length === 0 && html`hidden`}>
    ${lines}
  </ul>`;
}

/** Small, beside the pages that are looked at every day. */
function helpLink({ help }: Texts, { role }: Reader): Html | false {
  return allows(role, 'viewer') && html`<p class="languages"><a href="/help">${help}</a></p>`;
}

/** Who is logged in; a user known by this machine, a token or a proxy cannot log out here. */
function account(texts: Texts, { via, name, role, csrfToken }: Reader): Html {
  const who = html`<span>${name} (${texts.roles[role]})</span>`;
  if (via !== 'session') return html`<p class="account">${who}</p>`;
  return html`<form class="account" method="post" action="/logout">
    <input type="hidden" name="_csrf" value="${csrfToken}" />${who}
    <button>${texts.logOut}</button>
  </form>`;
}

/** The other languages, each in its own words; a link works without a script too. */
function languageSwitch({ language, languageSwitch }: Texts): Html {
  return html`<p class="languages" aria-label="${languageSwitch}">
    ${Object.entries(languages)
      .filter(([code]) => code !== language)
      .map(([code, name]) => html`<a href="/language/${code}" lang="${code}" hreflang="${code}">${name}</a>`)}
  </p>`;
}

/** Inside a script element nothing is escaped but what could end it. */
function scriptTexts(texts: Texts): Html {
  return new Html(JSON.stringify(texts.script).replaceAll('<', '\\u003c'));
}

const mark = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
  <path d="M16 3C8 3 4 9 4 16s4 13 12 13 12-6 12-13S24 3 16 3Z" />
  <path class="inner" d="M17 9c-5-1-8 3-7 8 1 4 4 6 8 5 5-1 6-5 4-8-1-3-2-4-5-5Z" />
</svg>`;
