// Requests that change something: the node takes them from its own pages only, which have its token.
const csrfToken = document.querySelector('meta[name="csrf-token"]')?.getAttribute('content') ?? '';

/**
 * @param {string} path
 * @param {Record<string, unknown>} [body]
 */
export function post(path, body) {
  return body === undefined
    ? fetch(path, { method: 'POST', headers: { 'x-csrf-token': csrfToken } })
    : fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken },
        body: JSON.stringify(body),
      });
}
