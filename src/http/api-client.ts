import { errorFrom, problemSchema } from '../problem.ts';
import { z } from 'zod';
import { ContourNodeError } from '../errors.ts';
import type { SeriesDetail, SeriesSummary } from '../store/series.ts';
import type { ActionAnswer } from './series-api.ts';

export interface SeriesList {
  readonly series: readonly SeriesSummary[];
  readonly counts: Readonly<Record<string, number>>;
  /** Value of `before` for the next page. */
  readonly next?: string;
}

export interface NodeApi {
  list(query: { states: readonly string[]; limit: string }): Promise<SeriesList>;
  show(key: string): Promise<SeriesDetail>;
  act(key: string, action: ActionAnswer['action'], destination?: string): Promise<ActionAnswer>;
}

const errorAnswer = z.object({ error: problemSchema });

/**
 * The HTTP API of a running node. Each call throws ContourNodeError API_UNREACHABLE, or what the node answered.
 *
 * @param token API token, where the node has users
 * @throws ContourNodeError USAGE when `base` is no URL or the token cannot be sent
 */
export function nodeApi(base: string, token?: string): NodeApi {
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new ContourNodeError('USAGE', `--url: '${base}' is no http URL`);
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) throw new ContourNodeError('USAGE', 'that is no API token');
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const call = async <T>(
    path: string,
    init?: { method: string; headers?: Record<string, string>; body?: string },
  ): Promise<T> => {
    let response: Response;
    try {
      response = await fetch(new URL(path, base), {
        ...init,
        headers: { ...init?.headers, ...authorization },
        signal: AbortSignal.timeout(30_000),
      });
    } catch (cause) {
      throw new ContourNodeError('API_UNREACHABLE', `no node answers at ${base}`, { cause });
    }
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok && body !== undefined) return body as T;
    const parsed = errorAnswer.safeParse(body);
    if (!parsed.success)
      throw new ContourNodeError('API_UNREACHABLE', `${base} answers HTTP ${response.status}, but not as a node`);
    throw errorFrom(parsed.data.error);
  };
  const seriesPath = (key: string): string => `/api/series/${encodeURIComponent(key)}`;
  return {
    list: ({ states, limit }) => {
      const query = new URLSearchParams({ limit });
      for (const state of states) query.append('state', state);
      return call(`/api/series?${query.toString()}`);
    },
    show: (key) => call(seriesPath(key)),
    act: (key, action, destination) =>
      call(`${seriesPath(key)}/${action}`, {
        method: 'POST',
        ...(destination === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ destination }) }),
      }),
  };
}
