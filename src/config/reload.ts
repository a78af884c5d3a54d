import type { Config } from './schema.ts';

/** `old` with what SIGHUP takes over of `next`: peers, destinations, routes, recipes, notifications, users and tokens. */
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
