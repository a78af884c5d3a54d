import { test } from 'node:test';
import { mixtureSeed } from './plan-mixture.ts';
import { routerMixture } from './router-mixture.ts';

for (const seed of [2, 3])
  test(`200 series of 20 patients from one router, good and bad: each good one reaches the TPS, each bad one has its own reason (seed ${mixtureSeed(seed)})`, (t) =>
    routerMixture(t, mixtureSeed(seed), 200));
