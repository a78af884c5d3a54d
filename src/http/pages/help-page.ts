import { Marked, type Tokens } from 'marked';
import type { Texts } from '../texts/texts.ts';
import { html, Html } from './html.ts';
import { pageFrame } from './page-frame.ts';
import type { Reader } from './reader.ts';

/** One of docs/*.md. */
export interface Guide {
  /** Without `.md`. */
  readonly name: string;
  /** Its first heading. */
  readonly title: string;
  readonly markdown: string;
}

/** @param guides in the order of the list */
export function helpPage(
  texts: Texts,
  guide: Guide,
  guides: readonly Guide[],
  names: ReadonlySet<string>,
  reader: Reader,
) {
  const main = html`<nav class="groups" aria-label="${texts.help}">
      <ul>
        ${guides.map(
          ({ name, title }) =>
            html`<li><a href="/help/${name}" ${name === guide.name && html`aria-current="true"`}>${title}</a></li>`,
        )}
      </ul>
    </nav>
    <article class="panel guide">${rendered(guide.markdown, names)}</article>`;
  return pageFrame(texts, { title: guide.title, place: '/help', main, reader });
}

/** @param names of the guides that a link may lead to */
function rendered(markdown: string, names: ReadonlySet<string>): Html {
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }: Tokens.Heading) {
        return `<h${depth} id="${slug(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        const text = this.parser.parseInline(tokens);
        const target = addressOf(href, names);
        return target === undefined ? text : `<a href="${target}">${text}</a>`;
      },
      image({ href, text }: Tokens.Image) {
        return `<img src="/help/pictures/${href.replace(/^.*\//, '')}" alt="${text}" loading="lazy" />`;
      },
    },
  });
  const page = marked.parse(markdown, { async: false });
  return new Html(
    page
      // The row of an error or a warning, which its code links to.
      .replaceAll(/<tr>\s*<td><code>([A-Z][A-Z_]+)<\/code>/g, '<tr id="$1"><td><code>$1</code>')
      .replaceAll(/<table>[^]*?<\/table>/g, '<div class="wide" tabindex="0">$&</div>'),
  );
}

/** As GitHub makes them. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

/** Undefined for a file that is no page here. */
function addressOf(href: string, names: ReadonlySet<string>): string | undefined {
  if (/^(https?:|#)/.test(href)) return href;
  const [, name = '', place = ''] = /^(?:\.\.\/|zh-CN\/)*([\w-]+)\.md(#.*)?$/.exec(href) ?? [];
  return names.has(name) ? `/help/${name}${place}` : undefined;
}
