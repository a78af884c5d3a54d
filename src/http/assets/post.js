// Requests that change something: the node takes them from its own pages only, which have its token.

/** @type {{ away: { message: string, remedy: string } }} */
const { away } = JSON.parse(document.getElementById('texts')?.textContent ?? '{}');
const csrfToken = document.querySelector('meta[name="csrf-token"]')?.getAttribute('content') ?? '';

/**
 * Never rejects: while the node is away the answer is one that says so.
 *
 * @param {string} path
 * @param {Record<string, unknown>} [body]
 */
export async function post(path, body) {
  const response = await send(path, body).catch(() => undefined);
  const { ok, headers, status } = response ?? {};
  // Something between browser and node may answer for it, and then not in JSON.
  if (response !== undefined && (ok || headers?.get('content-type')?.includes('json'))) return response;
  const code = status === undefined ? 'API_UNREACHABLE' : `HTTP ${status}`;
  return new Response(JSON.stringify({ error: { code, ...away } }), { status: 503 });
}

/**
 * In words, why the node did not do it.
 *
 * @param {Response} response
 */
export async function refusal(response) {
  /** @type {{ error: { code: string, message: string, remedy: string } }} */
  const { error } = await response.json();
  return `${error.code}: ${error.message} (${error.remedy})`;
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} [body]
 */
function send(path, body) {
  return body === undefined
    ? fetch(path, { method: 'POST', headers: { 'x-csrf-token': csrfToken } })
    : fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken },
        body: JSON.stringify(body),
      });
}
