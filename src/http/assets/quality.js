// The quality page: structure sets that belong to no series can be deleted.
import { refresh } from './live.js';
import { post, refusal } from './post.js';

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button[data-unmatched]') : null;
  if (!(button instanceof HTMLButtonElement)) return;
  button.disabled = true;
  const answer = button.parentElement?.querySelector('[role="alert"]');
  void remove(button.dataset['unmatched'] ?? '')
    .then((refused) => answer && (answer.textContent = refused))
    .finally(() => (button.disabled = false));
});

/**
 * @param {string} key
 * @returns {Promise<string>} why it was not done
 */
async function remove(key) {
  const response = await post(`/api/unmatched/${key}/delete`);
  if (!response.ok) return refusal(response);
  await refresh();
  return '';
}
