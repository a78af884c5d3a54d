// The page of one series: its buttons.
import { refresh } from './live.js';

const key = document.querySelector('[data-series]')?.getAttribute('data-series') ?? '';

const csrfToken = document.querySelector('meta[name="csrf-token"]')?.getAttribute('content') ?? '';

/** @param {string} text */
function answer(text) {
  const place = document.getElementById('answer');
  if (place !== null) place.textContent = text;
}

/**
 * @param {string} action
 * @param {Record<string, unknown>} body
 */
async function act(action, body) {
  answer('');
  const response = await fetch(`/api/series/${key}/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken },
    body: JSON.stringify(body),
  });
  await refresh();
  if (response.ok) return;
  /** @type {{ error: { code: string, message: string, remedy: string } }} */
  const { error } = await response.json();
  answer(`${error.code}: ${error.message} (${error.remedy})`);
}

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button[data-action]') : null;
  if (!(button instanceof HTMLButtonElement)) return;
  button.disabled = true;
  void act(button.dataset['action'] ?? '', {}).finally(() => (button.disabled = false));
});
