import type { Problem } from '../../problem.ts';
import type { Texts } from '../texts/texts.ts';
import { html } from './html.ts';
import { pageFrame } from './page-frame.ts';
import { badge, problemBox } from './parts.ts';
import type { Reader } from './reader.ts';

/** What keeps the node from its work, for a person who opened /health/ready. */
export function healthPage(
  texts: Texts,
  problems: readonly Problem[],
  notices: readonly Problem[],
  reader: Reader,
): string {
  const { title, ready, notReady } = texts.health;
  const mood = problems.length > 0 ? 'bad' : notices.length > 0 ? 'attention' : 'good';
  const main = html`<h1>${title}</h1>
    <section id="health" class="panel health" data-live>
      ${badge(mood, mood === 'good' ? ready : notReady)} ${problems.map((one) => problemBox(texts, one))}
      ${notices.map((one) => problemBox(texts, one, 'attention'))}
    </section>`;
  return pageFrame(texts, { title, place: '/health/ready', main, reader });
}
