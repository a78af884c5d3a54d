// The quality page: structure sets that belong to no series can be deleted.
import { refresh } from './live.js';
import { post } from './post.js';

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button[data-unmatched]') : null;
  if (!(button instanceof HTMLButtonElement)) return;
  button.disabled = true;
  void remove(button.dataset['unmatched'] ?? '').finally(() => (button.disabled = false));
});

/** @param {string} key */
async function remove(key) {
  await post(`/api/unmatched/${key}/delete`);
  await refresh();
}
