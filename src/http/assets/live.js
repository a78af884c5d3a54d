// Every page: keeps what is marked data-live up to date, moments in the reader's time zone, running stages counting.
import { duration } from './duration.js';

/** @type {{ live: string, lost: string }} */
const texts = JSON.parse(document.getElementById('texts')?.textContent ?? '{}');

/** What the node wrote, before a script changed it. @type {WeakMap<Element, string>} */
const written = new WeakMap();

/** As the browser writes dates, unless the page was switched to another language than the browser's. */
const { lang } = document.documentElement;
const locale = navigator.language.slice(0, 2) === lang.slice(0, 2) ? navigator.language : lang;
const moments = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const times = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
/** In a row of the worklist, which has no room for more. */
const shortTimes = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });

/** @param {Element} region */
function prepare(region) {
  for (const element of [region, ...region.querySelectorAll('[id]')]) written.set(element, element.outerHTML);
  for (const element of region.querySelectorAll('time')) {
    const moment = new Date(element.dateTime);
    const today = moment.toDateString() === new Date().toDateString();
    element.title = element.dateTime;
    const inRow = element.closest('.worklist tr:not(.more-row)') !== null;
    const [ofToday, earlier] = inRow ? [shortTimes, dates] : [times, moments];
    element.textContent = (today ? ofToday : earlier).format(moment);
  }
  tick(region);
}

/** @param {ParentNode} region */
function tick(region) {
  for (const element of region.querySelectorAll('[data-since]')) {
    const since = Date.parse(element.getAttribute('data-since') ?? '');
    element.textContent = duration((Date.now() - since) / 1000);
  }
}

/**
 * Takes over what is new in a region. An element with an id whose markup is as before stays as it is; the focus goes to
 * the element at the same place.
 *
 * @param {Element} old
 * @param {Element} fresh
 */
function replace(old, fresh) {
  if (written.get(old) === fresh.outerHTML) return;
  const refocus = focusPlace(old);
  const kept = new Map([...old.querySelectorAll('[id]')].map((element) => [element.id, element]));
  prepare(fresh);
  for (const element of fresh.querySelectorAll('[id]')) {
    const before = kept.get(element.id);
    if (before !== undefined && written.get(before) === written.get(element)) element.replaceWith(before);
  }
  old.replaceWith(fresh);
  refocus();
}

/**
 * @param {Element} region
 * @returns {() => void} puts the focus back, where the region had it
 */
function focusPlace(region) {
  const focused = document.activeElement;
  if (!(focused instanceof HTMLElement) || !region.contains(focused)) return () => {};
  const owner = focused.closest('[id]') ?? region;
  const place = [...owner.querySelectorAll('a, button, summary')].indexOf(focused);
  return () => {
    if (focused.isConnected) return focused.focus({ preventScroll: true });
    const again = document.getElementById(owner.id);
    const target = place < 0 ? again : again?.querySelectorAll('a, button, summary')[place];
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  };
}

let running = false;
let wanted = false;

/** Asks for this page again and takes over its live regions. Called meanwhile, it does so once more. */
export async function refresh() {
  wanted = true;
  if (running) return;
  running = true;
  try {
    while (wanted) {
      wanted = false;
      const response = await fetch(location.href, { headers: { accept: 'text/html' } });
      const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
      // Logged out, or the series is gone: the page as a whole says so. The page of a node that is not ready comes with 503.
      if (response.redirected || fresh.title !== document.title) return location.reload();
      for (const old of document.querySelectorAll('[data-live]')) {
        const region = fresh.getElementById(old.id);
        if (region !== null) replace(old, document.importNode(region, true));
      }
      document.dispatchEvent(new Event('refreshed'));
    }
  } catch {
    // The connection is gone: the event source says so, and calls again when it is back.
  } finally {
    running = false;
  }
}

/** The series that this page is about; none: all. */
const subject = document.querySelector('[data-series]')?.getAttribute('data-series') ?? undefined;
const status = document.getElementById('live');
/** @type {EventSource | undefined} */
let source;

/** A hidden page lets its connection go: browsers have few of them for one server. */
function connect() {
  source?.close();
  source = undefined;
  if (document.hidden || document.querySelector('[data-live]') === null) return;
  source = new EventSource('/events');
  source.addEventListener('open', () => show('connected', texts.live));
  source.addEventListener('error', () => show('lost', texts.lost));
  source.addEventListener('series', (event) => {
    /** @type {string[]} */
    const keys = JSON.parse(event.data);
    if (keys.length === 0 || subject === undefined || keys.includes(subject)) void refresh();
  });
  source.addEventListener('status', () => void refresh());
}

/**
 * @param {'connected' | 'lost'} state
 * @param {string} text
 */
function show(state, text) {
  if (status === null) return;
  status.className = `live ${state}`;
  if (status.textContent !== text) status.textContent = text;
}

/** Rows of the list that a reader has opened; a refresh leaves them open. @type {Set<string>} */
const opened = new Set();

/** @param {ParentNode} region */
function reopen(region) {
  for (const button of region.querySelectorAll('button[data-opens]')) {
    const id = button.getAttribute('data-opens') ?? '';
    const row = document.getElementById(id);
    if (row !== null) row.hidden = !opened.has(id);
    button.setAttribute('aria-expanded', String(opened.has(id)));
  }
}

document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('button[data-opens]') : null;
  const id = button?.getAttribute('data-opens');
  if (id === null || id === undefined) return;
  if (!opened.delete(id)) opened.add(id);
  reopen(document);
});
document.addEventListener('refreshed', () => reopen(document));

document.documentElement.classList.add('scripted');
for (const region of document.querySelectorAll('[data-live]')) prepare(region);
setInterval(() => tick(document), 1000);
document.addEventListener('visibilitychange', connect);
window.addEventListener('pagehide', () => source?.close());
window.addEventListener('pageshow', connect);

// A filter acts when it is chosen, the search when nothing was typed for a moment.
const filters = document.querySelector('form[data-filters]');
if (filters instanceof HTMLFormElement) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;
  const apply = () => {
    clearTimeout(pause);
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(filters))
      if (typeof value === 'string' && value !== '') query.set(name, value);
    const { pathname } = new URL(filters.action);
    history.replaceState(undefined, '', query.size === 0 ? pathname : `${pathname}?${query}`);
    void refresh();
  };
  filters.addEventListener('change', apply);
  filters.addEventListener('submit', (event) => {
    event.preventDefault();
    apply();
  });
  filters.addEventListener('input', (event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    clearTimeout(pause);
    pause = setTimeout(apply, 250);
  });
}
