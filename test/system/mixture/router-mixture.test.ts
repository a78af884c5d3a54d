import { test } from 'node:test';
import { mixtureSeed } from './plan-mixture.ts';
import { routerMixture } from './router-mixture.ts';

test('60 series of 20 patients from one router, good and bad: each good one reaches the TPS, each bad one has its own reason (CS 8.1.2)', (t) =>
  routerMixture(t, mixtureSeed(1), 60));
