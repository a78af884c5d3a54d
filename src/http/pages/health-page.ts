import type { Problem } from '../../problem.ts';
import type { Texts } from '../texts/texts.ts';
import { html } from './html.ts';
import { pageFrame } from './page-frame.ts';
import { badge, problemBox } from './parts.ts';
import type { Reader } from './reader.ts';

/** What keeps the node from its work, for a person who opened /health/ready. */
export function healthPage(texts: Texts, problems: readonly Problem[], reader: Reader): string {
  const { title, ready, notReady } = texts.health;
  const main = html`<h1>${title}</h1>
    <section class="panel health">
      ${problems.length === 0 ? badge('good', ready) : badge('bad', notReady)}
      ${problems.map((one) => problemBox(texts, one))}
    </section>`;
  return pageFrame(texts, { title, place: '/health/ready', main, reader });
}
