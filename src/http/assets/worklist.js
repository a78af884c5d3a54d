// The buttons of the worklist; the page reloads itself while nobody works in it.
const answer = document.getElementById('answer');

async function act(button) {
  button.disabled = true;
  const { series, action } = button.dataset;
  const response = await fetch(`/api/series/${series}/${action}`, { method: 'POST' });
  if (response.ok) location.reload();
  else {
    const { error } = await response.json();
    answer.textContent = `${error.code}: ${error.message} (${error.remedy})`;
    button.disabled = false;
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (button !== null) void act(button);
});

setInterval(() => {
  if (!document.hidden && answer.textContent === '') location.reload();
}, 5000);
