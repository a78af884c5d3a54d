import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextTurn } from '../../worker/remote/turns.ts';

interface Node {
  readonly name: string;
  readonly waiting: { urgent: number; normal: number; low: number };
  servedAt: number;
}

function node(name: string, waiting: Partial<Node['waiting']>): Node {
  return { name, waiting: { urgent: 0, normal: 0, low: 0, ...waiting }, servedAt: 0 };
}

/** Names in the order in which their orders are taken, one slot, until nothing waits. */
function served(nodes: Node[]): string[] {
  const names: string[] = [];
  for (let turn = 1; ; turn += 1) {
    const next = nextTurn(nodes);
    if (next === undefined) return names;
    const priority = (['urgent', 'normal', 'low'] as const).find((one) => next.waiting[one] > 0)!;
    next.waiting[priority] -= 1;
    next.servedAt = turn;
    names.push(next.name);
  }
}

test('two hundred that wait at one node do not keep the one of another waiting', () => {
  const order = served([node('large', { normal: 200 }), node('small', { normal: 1 })]);
  assert.ok(order.indexOf('small') <= 1);
  assert.equal(order.length, 201);
});

test('nodes take turns, whatever waits at each', () => {
  const order = served([node('a', { normal: 3 }), node('b', { normal: 2 }), node('c', { normal: 3 })]);
  assert.deepEqual(order, ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'c']);
});

test('an urgent order comes first, and urgent ones of several nodes take turns as well', () => {
  const order = served([node('a', { normal: 2 }), node('b', { urgent: 2 }), node('c', { urgent: 1, low: 1 })]);
  assert.deepEqual(order, ['b', 'c', 'b', 'a', 'a', 'c']);
});

test('where nothing waits it is nobody’s turn', () => {
  assert.equal(nextTurn([node('a', {})]), undefined);
  assert.equal(nextTurn([]), undefined);
});
