import type { Problem } from '../problem.ts';
import type { Config } from './schema.ts';

/** What became of a configuration that was read again. */
export interface ReloadOutcome {
  readonly taken: boolean;
  /** Why not. */
  readonly problem?: Problem;
  /** Sections that have changed and count after a restart only. */
  readonly needRestart: readonly string[];
}

/** `old` with what a reload takes over of `next`: peers, destinations, routes, recipes, notifications, users and tokens. */
export function takeOver(old: Config, next: Config): Config {
  const { peers, destinations, routes, recipes, notifications } = next;
  const http = { ...old.http, users: next.http.users, tokens: next.http.tokens };
  return { ...old, peers, destinations, routes, recipes, notifications, http };
}

/** Sections of `next` that were not taken over as a whole: they take a restart to count. */
export function needRestart(taken: Config, next: Config): string[] {
  return (Object.keys(next) as (keyof Config)[]).filter(
    (name) => JSON.stringify(taken[name]) !== JSON.stringify(next[name]),
  );
}
