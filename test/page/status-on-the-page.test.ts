import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ContourNodeError } from '../../src/errors.ts';
import { problemFrom } from '../../src/problem.ts';
import { nodeOverHttp } from '../http/running-http.ts';
import { workerAtQueue } from '../jobs/worker-at-queue.ts';
import { runProgram } from '../support/run-program.ts';
import { faultsOf, startBrowser } from './browser.ts';

test('a page that is open says by itself what is wrong; Health is not loaded again and again', async (t) => {
  const http = await nodeOverHttp(t);
  const browser = await startBrowser(t);
  const [list, health] = [await browser.newPage(), await browser.newPage({ locale: 'zh-CN' })];
  await list.goto(http.node.httpUrl);
  await health.goto(`${http.node.httpUrl}/health/ready`);
  let loads = 0;
  health.on('load', () => loads++);
  const lines = list.locator('#status li');
  const said = health.locator('#health');
  await lines.filter({ hasText: 'no worker takes jobs of' }).waitFor();
  await said.getByText('没有 worker 处理以下队列').waitFor();

  await runProgram('/usr/bin/echoscu', [
    '-aet',
    'CT99',
    '-aec',
    'CONTUOR',
    '127.0.0.1',
    String(http.config.dicom.port),
  ]);
  await lines.filter({ hasText: 'correct the called AE title CONTUOR to CONTOUR' }).waitFor();
  await said.getByText('在发送方将被叫 AE 标题 CONTUOR 更正为 CONTOUR').waitFor();
  assert.equal(await health.locator('#status').count(), 0, 'Health says it once');
  assert.deepEqual(await faultsOf(list), []);

  const damaged = new ContourNodeError('BUNDLE_DIGEST', 'model.onnx of the model oar is not the file that …');
  workerAtQueue(t, http.redis.address, ['compare', 'deliver'], [problemFrom(damaged)]);
  await lines.filter({ hasText: 'model.onnx of the model oar' }).filter({ hasText: 'copy its folder again' }).waitFor();
  await lines.filter({ hasText: 'no worker' }).waitFor({ state: 'detached' });
  assert.equal(loads, 0);
});
