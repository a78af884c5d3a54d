import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawSender } from '../peers/raw-sender.ts';
import { connectRaw } from '../peers/raw-peer.ts';
import { ctSliceFile } from '../support/ct-slice.ts';
import { eventually } from '../support/eventually.ts';
import { startRunningNode } from '../support/running-node.ts';

const shutdownSeconds = 6;
const [finishing, stalling] = ['1.2.826.8.1', '1.2.826.8.2'];

test('SIGTERM: a sender that is at it may finish, one that stalls is cut after the limit, nobody new is let in', async (t) => {
  const node = await startRunningNode(t, { dicom: { shutdownSeconds } });
  const [honest, stuck] = [await rawSender(node.dicomPort), await rawSender(node.dicomPort, 'STUCK')];
  for (let number = 1; number <= 6; number++) {
    assert.equal(await honest.store(ctSliceFile({ series: finishing, number })), 0);
    assert.equal(await stuck.store(ctSliceFile({ series: stalling, number })), 0);
  }
  stuck.storeHalf(ctSliceFile({ series: stalling, number: 7 }));

  const begin = performance.now();
  const stopped = node.stop('SIGTERM');
  await eventually('nobody new is let in', 20, () =>
    connectRaw(node.dicomPort).then(
      (late) => void late.socket.destroy(),
      () => true,
    ),
  );
  for (let number = 7; number <= 12; number++)
    assert.equal(await honest.store(ctSliceFile({ series: finishing, number })), 0);
  assert.equal(await honest.release(), true);

  assert.deepEqual([...(await stuck.peer.pdu())!.subarray(0, 10)], [0x07, 0, 0, 0, 0, 4, 0, 0, 2, 0], 'A-ABORT');
  const cutAfter = (performance.now() - begin) / 1000;
  assert.ok(cutAfter >= shutdownSeconds, `cut after ${cutAfter.toFixed(1)} s`);
  assert.equal(await stopped, 0);
  t.diagnostic(
    `limit ${shutdownSeconds} s: cut after ${cutAfter.toFixed(1)} s, ended after ${((performance.now() - begin) / 1000).toFixed(1)} s`,
  );

  await node.start();
  const series = await node.settled(2, ['unrouted', 'incomplete']);
  const states = new Map(series.map(({ state, images }) => [state, images]));
  assert.equal(states.get('unrouted'), 12);
  assert.equal(states.get('incomplete'), 6);
});
