import type { DeliveryView, OrderState, SeriesState, SeriesSummary, StageTime } from '../../store/series.ts';
import type { Problem } from '../../problem.ts';
import { type RatedWarning, ratedWarnings, type Warning, warningSeverities } from '../../warning.ts';
import { isErrorCode } from '../../errors.ts';
import type { Texts } from '../texts/texts.ts';
import { duration } from '../assets/duration.js';
import { html, type Html, type HtmlValue } from './html.ts';

export type Mood = 'bad' | 'attention' | 'progress' | 'good' | 'quiet';

/** How a state looks, and the group of the worklist that it belongs to. */
export const moods: Record<SeriesState, Mood> = {
  receiving: 'progress',
  incomplete: 'attention',
  rejected: 'bad',
  'nothing to contour': 'quiet',
  complete: 'quiet',
  'awaiting input': 'progress',
  unrouted: 'attention',
  queued: 'progress',
  contouring: 'progress',
  contoured: 'good',
  'contoured check': 'attention',
  held: 'attention',
  delivering: 'progress',
  delivered: 'good',
  'delivered check': 'attention',
  'delivery failed': 'bad',
  'nothing found': 'attention',
  failed: 'bad',
  'set aside': 'bad',
};

export const orderMoods: Record<OrderState, Mood> = {
  queued: 'progress',
  contouring: 'progress',
  contoured: 'good',
  'nothing found': 'attention',
  rejected: 'bad',
  failed: 'bad',
  'set aside': 'bad',
  superseded: 'quiet',
};

const shapes: Record<Mood, Html> = {
  bad: html`<path d="M4.5 4.5l7 7m0-7l-7 7" />`,
  attention: html`<path d="M8 3v6m0 3v.6" />`,
  progress: html`<path d="M8 2.5a5.5 5.5 0 1 1-5.5 5.5" />`,
  quiet: html`<path d="M4 8h8" />`,
  good: html`<path d="M3 8.5l3.2 3.2L13 4.8" />`,
};

/** A state in colour, sign and word. */
export function badge(mood: Mood, text: string): Html {
  return html`<span class="badge ${mood}"
    ><svg viewBox="0 0 16 16" aria-hidden="true">${shapes[mood]}</svg>${text}</span
  >`;
}

export function stateBadge(texts: Texts, state: SeriesState): Html {
  return badge(moods[state], texts.states[state]);
}

/** What happened, with its code, and what to do about it. */
export function problemBox(texts: Texts, problem: Problem | undefined, mood: Mood = 'bad'): Html | undefined {
  if (problem === undefined) return undefined;
  return html`<div class="problem ${mood === 'attention' && mood}">
    <p>${withCode(texts.problem(problem))} ${errorCode(problem.code)}</p>
    ${remedyLine(texts, texts.remedy(problem))}
  </div>`;
}

/** Why a series is as it is: its problem, or what its state means where that is not plain. */
export function whyBox(texts: Texts, { state, problem }: Pick<SeriesSummary, 'state' | 'problem'>): Html | undefined {
  if (moods[state] === 'quiet') return problem && html`<p>${texts.problem(problem)}</p>`;
  const help = texts.stateHelp[state];
  if (problem !== undefined || help === undefined) return problemBox(texts, problem);
  return html`<div class="problem attention">
    <p>${help.message}</p>
    ${remedyLine(texts, help.remedy)}
  </div>`;
}

function remedyLine(texts: Texts, remedy: string): Html | undefined {
  if (remedy === '') return undefined;
  return html`<p class="remedy"><span>${texts.whatToDo}:</span> ${withCode(remedy)}</p>`;
}

/** The code of an error, which leads to its row of the help. */
export function errorCode(code: string): Html {
  const name = html`<code>${code}</code>`;
  return isErrorCode(code) ? html`<a class="code" href="/help/operations#${code}">${name}</a>` : name;
}

/** What stands between backticks is something to type. */
export function withCode(text: string): HtmlValue {
  return text.split('`').map((part, n) => (n % 2 === 1 ? html`<code class="typed">${part}</code>` : part));
}

/** Every warning, the gravest first, with what it means where its text is short. */
export function warningList(texts: Texts, warnings: readonly Warning[]): Html | undefined {
  return list(
    ratedWarnings(warnings).map((warning) => {
      const { code } = warning;
      const help = texts.warningHelp[code];
      const known = Object.hasOwn(warningSeverities, code);
      return warningItem(
        texts,
        warning,
        html`${help !== undefined && html` <span class="quiet">(${help})</span>`}${
          known &&
          html` <a
            class="code"
            href="/help/warnings#${code}"
            title="${texts.helpOn(code)}"
            aria-label="${texts.helpOn(code)}"
            >?</a
          >`
        }`,
      );
    }),
  );
}

/** The first warnings, the gravest before the others, and how many there are more. */
export function fewWarnings(texts: Texts, warnings: readonly RatedWarning[]): Html | undefined {
  const shown = warnings.length > mostInRow + 1 ? warnings.slice(0, mostInRow) : warnings;
  const left = warnings.length - shown.length;
  const more = left === 0 ? [] : [html`<li class="more">${texts.moreWarnings(left)}</li>`];
  return list([...shown.map((warning) => warningItem(texts, warning)), ...more]);
}

/** Colour alone says nothing to everybody: what has to be looked at says so in words. */
function warningItem(texts: Texts, warning: RatedWarning, help: HtmlValue = false): Html {
  const { severity } = warning;
  const sign = severity === 'check' && html`<b>${texts.severities.check}:</b> `;
  return html`<li class="${severity}">${sign}${texts.warning(warning)}${help}</li>`;
}

const mostInRow = 3;

function list(items: readonly Html[]): Html | undefined {
  return items.length === 0
    ? undefined
    : html`<ul class="warnings">
        ${items}
      </ul>`;
}

/** A moment; the browser shows it in its own time zone. */
export function moment(texts: Texts, iso: string): Html {
  return html`<time datetime="${iso}">${texts.utc(iso.slice(0, 10), iso.slice(11, 19))}</time>`;
}

/** Each stage with its duration; that of a running one goes on in the browser. */
export function stageList(texts: Texts, stages: readonly StageTime[], now: number): Html | undefined {
  if (stages.length === 0) return undefined;
  return html`<ol class="stages">
    ${stages.map(({ stage, from, to }) => {
      const running = to === undefined;
      const seconds = ((running ? now : Date.parse(to)) - Date.parse(from)) / 1000;
      return html`<li class="${running ? 'running' : 'done'}">
        <span>${texts.stages[stage]}${running && html`<span class="hidden">, ${texts.running}</span>`}</span>
        <b ${running && html`data-since="${from}"`}>${duration(seconds)}</b>
      </li>`;
    })}
  </ol>`;
}

const deliveryMoods: Record<DeliveryView['state'], Mood> = {
  pending: 'quiet',
  held: 'attention',
  waiting: 'progress',
  delivering: 'progress',
  delivered: 'good',
  failed: 'bad',
  'not allowed': 'bad',
  'nothing to send': 'attention',
  superseded: 'quiet',
};

/** One destination by its name, in the colour of what became of its structure set. */
export function deliveryMark(delivery: DeliveryView): Html {
  return html`<span class="delivery ${moodOf(delivery)}"><b>${delivery.destination}</b> </span>`;
}

function moodOf({ alarmed, commitment, state }: DeliveryView): Mood {
  const unkept = commitment?.state === 'refused' || commitment?.state === 'missing';
  return alarmed || unkept ? 'attention' : deliveryMoods[state];
}

/** One destination with the state of its structure set. */
export function deliveryLine(texts: Texts, delivery: DeliveryView): Html {
  const { destination, state, tries, alarmed, nextTryAt, commitment } = delivery;
  return html`<span class="delivery ${moodOf(delivery)}">
    <b>${destination}</b> ${texts.deliveryStates[state]}${tries > 1 && `, ${texts.tries(tries)}`}${
      nextTryAt !== undefined && html`, ${texts.nextTry} ${moment(texts, nextTryAt)}`
    }${alarmed && `, ${texts.alarmed}`}${commitment !== undefined && `, ${texts.commitmentStates[commitment.state]}`}
  </span>`;
}
