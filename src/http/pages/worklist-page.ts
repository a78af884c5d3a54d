import type { FilterChoices, SeriesView, SeriesFilter, SeriesPage, SeriesState } from '../../store/series.ts';
import { seriesStates } from '../../store/series.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { deliveryLine, fewWarnings, moment, type Mood, moods, stateBadge, stageList, whyBox } from './parts.ts';

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
  return html`<h1>${texts.worklist.title}</h1>
    ${groupTabs(texts, query, found.counts)} ${filterForm(texts, query, input.choices)}
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

function filterForm(texts: Texts, query: WorklistQuery, choices: FilterChoices): Html {
  const words = texts.worklist.filters;
  const option = (value: string, text: string, chosen: boolean): Html =>
    html`<option value="${value}" ${chosen && html`selected`}>${text}</option>`;
  const select = (name: string, label: string, any: string, options: readonly Html[]): Html =>
    html`<label
      ><span>${label}</span
      ><select name="${name}">
        <option value="">${any}</option>
        ${options}
      </select></label
    >`;
  const named = (names: readonly string[], chosen: string | undefined): Html[] =>
    names.map((name) => option(name, name, name === chosen));
  return html`<form class="filters" role="search" aria-label="${words.label}" method="get" action="/" data-filters>
    ${query.group !== 'all' && html`<input type="hidden" name="group" value="${query.group}" />`}
    <label class="search"
      ><span>${words.search}</span
      ><input
        type="search"
        name="search"
        value="${query.search ?? ''}"
        placeholder="${words.searchHint}"
        maxlength="100"
    /></label>
    ${select(
      'state',
      words.state,
      words.anyState,
      seriesStates.map((state) => option(state, texts.states[state], state === query.state)),
    )}
    ${select('sender', words.sender, words.anySender, named(choices.senders, query.sender))}
    ${select('bundle', words.bundle, words.anyBundle, named(choices.bundles, query.bundle))}
    ${select('destination', words.destination, words.anyDestination, named(choices.destinations, query.destination))}
    ${select(
      'days',
      words.since,
      words.anyTime,
      daysOffered.map((days) => option(String(days), words.days(days), days === query.days)),
    )}
    <button type="submit">${words.apply}</button>
    <a class="reset" href="/">${words.reset}</a>
  </form>`;
}

function list({ texts, query, found, node, now }: WorklistInput): Html {
  if (found.series.length === 0) return emptyList(texts, query, node);
  const { columns, caption } = texts.worklist;
  return html`<table class="worklist">
    <caption>
      ${caption}: ${texts.worklist.found(found.total)}
    </caption>
    <thead>
      <tr>
        ${Object.values(columns).map((title) => html`<th scope="col">${title}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${found.series.map((series) => row(texts, series, now))}
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

function row(texts: Texts, series: SeriesView, now: number): Html {
  const orders = series.orders.filter(({ state, revision }) => state !== 'superseded' && revision === series.revision);
  const warnings = [
    ...new Map(
      [...series.warnings, ...orders.flatMap((order) => order.warnings)].map((one) => [one.text, one]),
    ).values(),
  ];
  const deliveries = orders.flatMap((order) => order.deliveries);
  return html`<tr id="series-${series.key}">
    <td class="state-cell">${stateBadge(texts, series.state)} ${whyBox(texts, series)}</td>
    <th scope="row">
      <a class="key" href="/series/${series.key}">${series.key}</a>
      <span class="quiet">${moment(texts, series.lastReceivedAt)}</span>
      <span class="quiet">${texts.images(series.images, series.expectedImages)}</span>
      ${fewWarnings(texts, warnings)}
    </th>
    <td>
      <b>${series.peer ?? series.callingAe}</b
      >${series.peer !== undefined && html` <span class="quiet">${series.callingAe}</span>`}
    </td>
    <td>
      ${
        orders.length === 0
          ? html`<span class="quiet">${texts.worklist.noBundle}</span>`
          : orders.map(
              ({ bundle }) =>
                html`<span class="bundle">${bundle.name} <span class="quiet">${bundle.version}</span></span>`,
            )
      }
    </td>
    <td>${stageList(texts, series.stages, now)}</td>
    <td>
      ${
        deliveries.length > 0
          ? deliveries.map((one) => deliveryLine(texts, one))
          : orders.length > 0 && html`<span class="quiet">${texts.worklist.noDestination}</span>`
      }
    </td>
  </tr>`;
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
