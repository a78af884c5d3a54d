import type { FilterChoices, SeriesView, SeriesFilter, SeriesPage, SeriesState } from '../../store/series.ts';
import { isToCheck } from '../../store/orders.ts';
import { seriesStates } from '../../store/series.ts';
import type { ShownPatient } from '../../store/shown-patient.ts';
import type { Texts } from '../texts/texts.ts';
import { filterOptions, filterSelect } from './filter-select.ts';
import { html, type Html } from './html.ts';
import { duration } from '../assets/duration.js';
import {
  deliveryLine,
  deliveryMark,
  fewWarnings,
  moment,
  type Mood,
  moods,
  stateBadge,
  stageList,
  whyBox,
} from './parts.ts';

const groups = ['all', 'attention', 'progress', 'done'] as const;
export type Group = (typeof groups)[number];

/** What the address of the worklist says; each of it may be absent. */
export interface WorklistQuery {
  readonly group: Group;
  readonly state?: SeriesState;
  readonly search?: string;
  readonly sender?: string;
  readonly bundle?: string;
  readonly destination?: string;
  readonly days?: number;
  /** From 1. */
  readonly page: number;
}

export const rowsOfPage = 50;
const daysOffered = [1, 7, 30];

const moodsOf: Record<Group, readonly Mood[]> = {
  all: ['bad', 'attention', 'progress', 'good', 'quiet'],
  attention: ['bad', 'attention'],
  progress: ['progress'],
  done: ['good', 'quiet'],
};

function statesOf(group: Group): SeriesState[] {
  return seriesStates.filter((state) => moodsOf[group].includes(moods[state]));
}

export function filterOf(query: WorklistQuery, now: number): SeriesFilter {
  const { group, state, search, sender, bundle, destination, days } = query;
  return {
    states: state === undefined ? statesOf(group) : [state],
    ...(search !== undefined && { search }),
    ...(sender !== undefined && { sender }),
    ...(bundle !== undefined && { bundle }),
    ...(destination !== undefined && { destination }),
    ...(days !== undefined && { since: new Date(now - days * 86_400_000).toISOString() }),
  };
}

export interface WorklistInput {
  readonly texts: Texts;
  /** By series, where the user sees them; undefined: the list shows keys. */
  readonly patients: ReadonlyMap<string, ShownPatient> | undefined;
  readonly query: WorklistQuery;
  readonly found: SeriesPage;
  readonly choices: FilterChoices;
  /** What a sender has to be told. */
  readonly node: { readonly aeTitle: string; readonly dicomPort: number };
  readonly now: number;
}

/** Every series with state, time in each stage, sender, bundle, warnings, destinations. */
export function worklistMain(input: WorklistInput): Html {
  const { texts, query, found } = input;
  return html`<div class="list-head">
      <h1>${texts.worklist.title}</h1>
      ${groupTabs(texts, query, found.counts)}
    </div>
    ${filterForm(texts, query, input.choices, input.patients !== undefined)}
    <div id="list" data-live>${list(input)} ${pager(texts, query, found.total)}</div>`;
}

function groupTabs(texts: Texts, query: WorklistQuery, counts: SeriesPage['counts']): Html {
  return html`<nav class="groups" aria-label="${texts.worklist.groupsLabel}" id="groups" data-live>
    <ul>
      ${groups.map((group) => {
        const count = statesOf(group).reduce((sum, state) => sum + counts[state], 0);
        const current = query.state === undefined && query.group === group;
        return html`<li>
          <a
            class="${group}"
            href="${address({ ...query, group, page: 1 }, ['state'])}"
            ${current && html`aria-current="true"`}
            >${texts.worklist.groups[group]} <span class="count ${count === 0 && html`none`}">${count}</span></a
          >
        </li>`;
      })}
    </ul>
  </nav>`;
}

function filterForm(texts: Texts, query: WorklistQuery, choices: FilterChoices, byPatient: boolean): Html {
  const words = texts.worklist.filters;
  const named = (names: readonly string[], chosen: string | undefined): Html[] =>
    filterOptions(
      names.map((name) => [name, name]),
      chosen,
    );
  return html`<form class="filters" role="search" aria-label="${words.label}" method="get" action="/" data-filters>
    ${query.group !== 'all' && html`<input type="hidden" name="group" value="${query.group}" />`}
    <label class="search"
      ><span>${words.search}</span
      ><input
        type="search"
        name="search"
        value="${query.search ?? ''}"
        placeholder="${byPatient ? words.patientSearchHint : words.searchHint}"
        maxlength="100"
    /></label>
    ${filterSelect(
      'state',
      words.state,
      words.anyState,
      filterOptions(
        seriesStates.map((state) => [state, texts.states[state]]),
        query.state,
      ),
    )}
    ${filterSelect('sender', words.sender, words.anySender, named(choices.senders, query.sender))}
    ${filterSelect('bundle', words.bundle, words.anyBundle, named(choices.bundles, query.bundle))}
    ${filterSelect('destination', words.destination, words.anyDestination, named(choices.destinations, query.destination))}
    ${filterSelect(
      'days',
      words.since,
      words.anyTime,
      filterOptions(
        daysOffered.map((days) => [String(days), words.days(days)]),
        query.days === undefined ? undefined : String(query.days),
      ),
    )}
    <button type="submit">${words.apply}</button>
    <a class="reset" href="/">${words.reset}</a>
  </form>`;
}

function list({ texts, patients, query, found, node, now }: WorklistInput): Html {
  if (found.series.length === 0) return emptyList(texts, query, node);
  const { columns, caption } = texts.worklist;
  const shown = Object.entries(columns).filter(([name]) => name !== 'study' || patients !== undefined);
  return html`<table class="worklist">
    <caption>
      ${caption}: ${texts.worklist.found(found.total)}
    </caption>
    <thead>
      <tr>
        ${shown.map(([name, title]) => html`<th scope="col" class="column-${name}">${title}</th>`)}
        <th scope="col"><span class="hidden">${texts.worklist.details}</span></th>
      </tr>
    </thead>
    <tbody>
      ${found.series.map((series) => row(texts, series, patients, now))}
    </tbody>
  </table>`;
}

function emptyList(texts: Texts, query: WorklistQuery, { aeTitle, dicomPort }: WorklistInput['node']): Html {
  const filtered = address({ ...query, page: 1 }) !== '/';
  return html`<div class="empty">
    <p>${filtered ? texts.worklist.noMatch : texts.worklist.empty}</p>
    ${!filtered && html`<p>${texts.worklist.emptyHint(aeTitle, dicomPort)}</p>`}
  </div>`;
}

/** One line a series; everything else of it stands in a second row that its button opens. */
function row(texts: Texts, series: SeriesView, patients: WorklistInput['patients'], now: number): Html {
  const patient = patients?.get(series.key);
  const orders = series.orders.filter(({ state, revision }) => state !== 'superseded' && revision === series.revision);
  const warnings = series.warnings.filter(({ severity }) => severity !== 'notice');
  const deliveries = orders.flatMap((order) => order.deliveries);
  const toCheck = series.orders.some(isToCheck) ? warnings.find(({ severity }) => severity === 'check') : undefined;
  const why =
    (series.problem && texts.problem(series.problem)) ??
    (toCheck && texts.warning(toCheck)) ??
    texts.stateHelp[series.state]?.message;
  const name = patient === undefined || patient.name === '' ? series.key : texts.patientName(patient.name);
  return html`<tr id="series-${series.key}" class="${moods[series.state] === 'attention' && 'attention'}">
      <td class="state-cell">
        ${stateBadge(texts, series.state)}
        ${warnings.length > 0 && html`<span class="warned">${texts.warned(warnings.length)}</span>`}
        ${why !== undefined && html`<span class="why">${why}</span>`}
      </td>
      <th scope="row">
        <span class="patient"
          ><a class="${name === series.key && 'key'}" href="/series/${series.key}">${name}</a>
          ${patient !== undefined && html`<span class="quiet">${patient.patientId}</span>`}</span
        >
      </th>
      ${
        patients !== undefined &&
        html`<td class="column-study">${patient?.studyDescription} <span class="quiet">${patient?.ctDate}</span></td>`
      }
      <td class="column-images">
        ${texts.images(series.images, series.expectedImages)}
        <span class="quiet">${moment(texts, series.lastReceivedAt)}</span>
      </td>
      <td class="column-from">${series.peer ?? series.callingAe}</td>
      <td class="column-bundle">
        ${
          series.modality !== undefined
            ? html`<span class="quiet">${texts.worklist.besideCt[series.modality]}</span>`
            : orders.length === 0
              ? html`<span class="quiet">${texts.worklist.noBundle}</span>`
              : orders.map(({ bundle }) => bundle.name).join(', ')
        }
      </td>
      <td class="column-stages">${stageNow(texts, series.stages, now)}</td>
      <td>
        ${deliveries.map(deliveryMark)}
        ${deliveries.length === 0 && orders.length > 0 && html`<span class="quiet">${texts.worklist.noDestination}</span>`}
      </td>
      <td>
        <button
          type="button"
          class="open"
          data-opens="more-${series.key}"
          aria-expanded="false"
          aria-label="${texts.worklist.details}: ${name}"
        ></button>
      </td>
    </tr>
    <tr id="more-${series.key}" class="more-row" hidden>
      <td colspan="${patients === undefined ? 8 : 9}">
        <div class="more-facts">
          ${whyBox(texts, series)} ${fewWarnings(texts, warnings)} ${stageList(texts, series.stages, now)}
          ${patient !== undefined && html`<p>${[patient.studyDescription, patient.ctDate].filter(Boolean).join(', ')}</p>`}
          <p class="quiet">
            <span class="key">${series.key}</span>,
            ${series.callingAe}${
              orders.length > 0 && `, ${orders.map(({ bundle }) => `${bundle.name} ${bundle.version}`).join(', ')}`
            }
          </p>
          ${deliveries.map((delivery) => deliveryLine(texts, delivery))}
        </div>
      </td>
    </tr>`;
}

/** The stage that runs with its time, else how long all of them took together. */
function stageNow(texts: Texts, stages: SeriesView['stages'], now: number): Html | undefined {
  const running = stages.find(({ to }) => to === undefined);
  if (running !== undefined) {
    const seconds = (now - Date.parse(running.from)) / 1000;
    return html`<span class="stage">${texts.stages[running.stage]}</span>
      <b data-since="${running.from}">${duration(seconds)}</b>`;
  }
  const [first, last] = [stages[0], stages.at(-1)];
  if (first === undefined || last?.to === undefined) return undefined;
  return html`<b>${duration((Date.parse(last.to) - Date.parse(first.from)) / 1000)}</b>`;
}

function pager(texts: Texts, query: WorklistQuery, total: number): Html | undefined {
  const pages = Math.max(1, Math.ceil(total / rowsOfPage));
  if (pages === 1 && query.page === 1) return undefined;
  const link = (page: number, text: string, possible: boolean, rel: string): Html =>
    possible
      ? html`<a rel="${rel}" href="${address({ ...query, page })}">${text}</a>`
      : html`<span class="quiet">${text}</span>`;
  return html`<nav class="pager" aria-label="${texts.worklist.pages}">
    ${link(query.page - 1, texts.worklist.newer, query.page > 1, 'prev')}
    <span>${texts.worklist.page(query.page, pages)}</span>
    ${link(query.page + 1, texts.worklist.older, query.page < pages, 'next')}
  </nav>`;
}

/** The worklist's address for a query; what is as usual is left out. */
function address(query: WorklistQuery, without: readonly (keyof WorklistQuery)[] = []): string {
  const usual: Partial<Record<keyof WorklistQuery, string>> = { group: 'all', page: '1' };
  const parameters = new URLSearchParams();
  for (const name of ['group', 'state', 'search', 'sender', 'bundle', 'destination', 'days', 'page'] as const) {
    const value = query[name];
    if (value === undefined || without.includes(name) || usual[name] === String(value)) continue;
    parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '/' : `/?${text}`;
}
