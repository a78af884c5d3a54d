import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { json } from 'node:stream/consumers';
import { ContourNodeError } from '../../../src/errors.ts';

const timeoutMilliseconds = 5000;

/**
 * Asks the HTTP port of the node on this machine for `/health/live`.
 *
 * @returns its address and version
 * @throws ContourNodeError API_UNREACHABLE
 */
export async function askWhetherLive(http: {
  host: string;
  port: number;
  tls?: object | undefined;
}): Promise<{ url: string; version: string }> {
  const url = localUrl(http);
  try {
    const answer = (await getJson(`${url}/health/live`)) as { live?: boolean; version?: string };
    if (answer.live === true) return { url, version: answer.version ?? '' };
  } catch (cause) {
    throw new ContourNodeError('API_UNREACHABLE', `no node answers at ${url}`, { cause });
  }
  throw new ContourNodeError('API_UNREACHABLE', `${url} answers, but not as a node`);
}

/** Where a program of this machine finds the HTTP port of the node. */
export function localUrl({ host, port, tls }: { host: string; port: number; tls?: object | undefined }): string {
  return `${tls === undefined ? 'http' : 'https'}://${urlHost(host)}:${port}`;
}

function getJson(url: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // The certificate names the host that other machines use. Nothing secret is sent here.
    const options = { rejectUnauthorized: false, signal: AbortSignal.timeout(timeoutMilliseconds) };
    const get = url.startsWith('https:') ? getSecure : getPlain;
    get(url, options, (response) => resolve(json(response))).on('error', reject);
  });
}

/** The address to connect to for an address to listen on: all interfaces include loopback. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
