// The page of one series: its buttons.
import { refresh } from './live.js';
import { post } from './post.js';

const key = document.querySelector('[data-series]')?.getAttribute('data-series') ?? '';

/**
 * @param {string} text
 * @param {Element | null} place
 */
function answer(text, place = document.getElementById('answer')) {
  if (place !== null) place.textContent = text;
}

/**
 * @param {string} action
 * @param {Record<string, unknown>} body
 * @param {Element | null} [place] where a refusal is told; the head of the page
 * @returns {Promise<boolean>} whether it was done
 */
async function act(action, body, place) {
  answer('', place);
  const response = await post(`/api/series/${key}/${action}`, body);
  if (response.ok && action === 'delete') location.assign('/');
  else await refresh();
  if (response.ok) return true;
  /** @type {{ error: { code: string, message: string, remedy: string } }} */
  const { error } = await response.json();
  answer(`${error.code}: ${error.message} (${error.remedy})`, place);
  return false;
}

document.addEventListener(
  'toggle',
  ({ target }) => {
    const image = target instanceof HTMLDetailsElement && target.open ? target.querySelector('img[data-src]') : null;
    if (image instanceof HTMLImageElement && image.src === '') image.src = image.dataset['src'] ?? '';
  },
  true,
);

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset['orderForm'] === undefined) return;
  event.preventDefault();
  void order(form);
});

/** @param {HTMLFormElement} form */
async function order(form) {
  const data = new FormData(form);
  const [button, refused, done] = ['button', '[role="alert"]', 'output'].map((name) => form.querySelector(name));
  if (!(button instanceof HTMLButtonElement) || !refused || !done) return;
  button.disabled = true;
  answer('', done);
  const by = data.get('by');
  const [kind = '', name = ''] = typeof by === 'string' ? by.split(':') : [];
  const body = { [kind]: name, destinations: data.getAll('destination') };
  if (await act('order', body, refused)) answer(form.dataset['done'] ?? '', done);
  button.disabled = false;
}

document.addEventListener('click', (event) => {
  if (!(event.target instanceof HTMLButtonElement)) return;
  const button = event.target;
  if (button.dataset['identity'] !== undefined) void showIdentity(button);
  const { sure } = button.dataset;
  if (button.dataset['delete'] === undefined || sure === undefined) return;
  if (button.textContent === sure) void act('delete', {}, button.nextElementSibling);
  else button.textContent = sure;
});

/** @param {HTMLButtonElement} button */
async function showIdentity(button) {
  const response = await post(`/api/series/${key}/identity`);
  if (!response.ok) return answer(`HTTP ${response.status}`);
  /** @type {Record<string, string>} */
  const identity = await response.json();
  /** @type {Record<string, string>} */
  const labels = JSON.parse(button.dataset['labels'] ?? '{}');
  const list = document.createElement('dl');
  for (const [name, label] of Object.entries(labels)) {
    const row = document.createElement('div');
    row.append(document.createElement('dt'), document.createElement('dd'));
    row.children[0]?.append(label);
    row.children[1]?.append(identity[name] === '' ? '–' : (identity[name] ?? ''));
    list.append(row);
  }
  button.parentElement?.replaceChildren(list);
}

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button[data-action]') : null;
  if (!(button instanceof HTMLButtonElement)) return;
  button.disabled = true;
  const { action = '', choice } = button.dataset;
  void act(action, choice === undefined ? {} : { choice }).finally(() => (button.disabled = false));
});
