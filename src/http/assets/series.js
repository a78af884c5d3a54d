// The page of one series: its buttons.
import { refresh } from './live.js';
import { post, refusal } from './post.js';

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
  answer(await refusal(response), place);
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

// The contact sheet is made after the structure set: it may come a little later.
document.addEventListener(
  'error',
  ({ target }) => {
    if (!(target instanceof HTMLImageElement)) return;
    const address = target.dataset['src'];
    if (address !== undefined) setTimeout(() => (target.src = address), 2000);
  },
  true,
);

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset['orderForm'] === undefined) return;
  event.preventDefault();
  void order(form);
});

// The button says where the result goes.
document.addEventListener('change', ({ target }) => {
  const form = target instanceof HTMLInputElement ? target.form : null;
  const button = form?.querySelector('button[type="submit"]');
  if (!(button instanceof HTMLButtonElement) || form === null || form.dataset['orderForm'] === undefined) return;
  const chosen = new FormData(form).getAll('destination').map(String).join(', ');
  const { stays = '', sends = '' } = button.dataset;
  button.textContent = chosen === '' ? stays : `${sends} ${chosen}`;
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
  if (!response.ok) return answer(await refusal(response));
  /** @type {Record<string, string>} */
  const identity = await response.json();
  /** @type {Record<string, string>} */
  const labels = JSON.parse(button.dataset['labels'] ?? '{}');
  const list = document.createElement('dl');
  for (const [name, label] of Object.entries(labels)) {
    const row = document.createElement('div');
    row.append(document.createElement('dt'), document.createElement('dd'));
    row.children[0]?.append(label);
    row.children[1]?.append(identity[name] || '–');
    list.append(row);
  }
  button.parentElement?.replaceChildren(list);
}

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button[data-action]') : null;
  if (!(button instanceof HTMLButtonElement)) return;
  const { action = '', choice, input, orders, ask, sure } = button.dataset;
  if (ask !== undefined && sure !== undefined && button.textContent !== sure) {
    button.textContent = sure;
    return answer(ask);
  }
  button.disabled = true;
  const body = {
    ...(choice !== undefined && { choice }),
    ...(input !== undefined && { input }),
    ...(orders !== undefined && { orders: orders.split(' ') }),
  };
  void act(action, body).finally(() => (button.disabled = false));
});
