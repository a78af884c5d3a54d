import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import type { AssociationInfo } from '../../src/dimse/association-info.ts';
import { isKnownAddress, judgeAssociation, normaliseAddress, rejections } from '../../src/dimse/association-policy.ts';

const policy = configSchema.parse({
  dicom: { aeTitle: 'CONTOUR', otherAeTitles: ['CONTOUR2'], maxAssociations: 3, maxAssociationsPerPeer: 2 },
  peers: [
    { name: 'ct', aeTitle: 'CT1', addresses: ['10.1.0.0/16', '2001:db8::/32'] },
    { name: 'tps', aeTitle: 'TPS', addresses: ['10.2.0.7'] },
    { name: 'listener', aeTitle: 'LISTENER' },
  ],
});

function judge(callingAe: string, address: string, calledAe = 'CONTOUR', open: AssociationInfo[] = []): string {
  const verdict = judgeAssociation(policy, { callingAe, calledAe, address }, open);
  if (!('rejection' in verdict)) return verdict.peer?.name ?? 'this machine';
  const { result, source, reason } = verdict.rejection;
  return `${result}/${source}/${reason}`;
}

function standing(name: string, address: string): AssociationInfo {
  const peer = policy.peers.find((one) => one.name === name);
  return { id: 'x', callingAe: 'x', calledAe: 'CONTOUR', address, ...(peer === undefined ? {} : { peer }) };
}

test('a peer is known by title and address together (CS 4.2.4)', () => {
  assert.equal(judge('CT1', '10.1.200.3'), 'ct');
  assert.equal(judge('CT1', '2001:db8::5'), 'ct');
  assert.equal(judge('TPS', '10.2.0.7'), 'tps');
  assert.equal(judge('CT1', '10.2.0.7'), '1/1/3', "another peer's address");
  assert.equal(judge('LISTENER', '10.2.0.7'), '1/1/3', 'a peer that only listens');
});

test('called titles other than the node’s own are rejected before anything else (PS3.8 table 9-21) (CS 4.2.4)', () => {
  assert.equal(judge('CT1', '10.1.0.1', 'CONTOUR2'), 'ct');
  assert.equal(judge('NOBODY', '10.1.0.1', 'ELSE'), '1/1/7');
});

test('a sender on this machine may have any title, unless that is turned off', () => {
  for (const address of ['127.0.0.1', '127.8.0.1', '::1', '::ffff:127.0.0.1'])
    assert.equal(judge('ANY', address), 'this machine');
  const closed = { ...policy, dicom: { ...policy.dicom, acceptLoopback: false } };
  assert.deepEqual(judgeAssociation(closed, { callingAe: 'ANY', calledAe: 'CONTOUR', address: '127.0.0.1' }, []), {
    rejection: rejections.callingAe,
  });
  assert.equal(isKnownAddress(closed, '127.0.0.1'), false);
});

test('only addresses of peers and of this machine are read from', () => {
  for (const known of ['10.1.2.3', '10.2.0.7', '::ffff:10.2.0.7', '2001:db8:1::1', '::1'])
    assert.equal(isKnownAddress(policy, known), true, known);
  for (const unknown of ['10.2.0.8', '192.168.0.1', '2001:db9::1', '::', '', 'nonsense'])
    assert.equal(isKnownAddress(policy, unknown), false, unknown);
});

test('too many associations, in all or of one peer, are rejected as transient: local limit exceeded (CS 4.2.2.2)', () => {
  const two = [standing('ct', '10.1.0.1'), standing('ct', '10.1.0.2')];
  assert.equal(judge('CT1', '10.1.0.3', 'CONTOUR', two), '2/3/2', 'third of a peer that may have two');
  assert.equal(judge('TPS', '10.2.0.7', 'CONTOUR', two), 'tps');
  assert.equal(
    judge('TPS', '10.2.0.7', 'CONTOUR', [...two, standing('none', '127.0.0.1')]),
    '2/3/2',
    'fourth of three in all',
  );
});

test('addresses are written in one way', () => {
  assert.equal(normaliseAddress('::ffff:10.2.0.7'), '10.2.0.7');
  assert.equal(normaliseAddress('fe80::1%eth0'), 'fe80::1');
});
