import { ContourNodeError } from '../errors.ts';

/**
 * Asks the HTTP port of the node on this machine whether it lives (`/health/live`).
 *
 * @returns its address and version
 * @throws ContourNodeError API_UNREACHABLE
 */
export async function askWhetherLive(http: { host: string; port: number }): Promise<{ url: string; version: string }> {
  const url = `http://${urlHost(http.host)}:${http.port}`;
  try {
    const response = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(5000) });
    const answer = (await response.json()) as { live?: boolean; version?: string };
    if (answer.live === true) return { url, version: answer.version ?? '' };
  } catch (cause) {
    throw new ContourNodeError('API_UNREACHABLE', `no node answers at ${url}`, { cause });
  }
  throw new ContourNodeError('API_UNREACHABLE', `${url} answers, but not as a node`);
}

/** An address to listen on as one to call: every interface is reachable through loopback. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
