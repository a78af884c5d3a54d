// The quality page: structure sets that belong to no series can be deleted.
import { refresh } from './live.js';

const csrfToken = document.querySelector('meta[name="csrf-token"]')?.getAttribute('content') ?? '';

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button[data-unmatched]') : null;
  if (!(button instanceof HTMLButtonElement)) return;
  button.disabled = true;
  void remove(button.dataset['unmatched'] ?? '').finally(() => (button.disabled = false));
});

/** @param {string} key */
async function remove(key) {
  await fetch(`/api/unmatched/${key}/delete`, { method: 'POST', headers: { 'x-csrf-token': csrfToken } });
  await refresh();
}
