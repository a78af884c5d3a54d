import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { fileMetaInformation } from '../../src/dicom/part10.ts';
import { implicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import { version } from '../../src/version.ts';
import { rtStructureSetStorage } from '../../src/dicom/rtstruct/structure-set.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultyProxy, faultyProxy } from '../support/faulty-proxy.ts';
import { poolWorker, remoteClinic } from '../support/remote-clinic.ts';
import { plainState } from '../support/running-node.ts';

/** Contours of the one structure set that the TPS has. */
function contoursOf(imported: readonly { bytes: Buffer; sopInstanceUid: string }[]): unknown {
  const [set] = imported;
  assert.ok(set !== undefined);
  const meta = fileMetaInformation({
    sopClassUid: rtStructureSetStorage,
    sopInstanceUid: set.sopInstanceUid,
    transferSyntaxUid: implicitVrLittleEndian,
  });
  const { rois, patientId } = readRtstruct(Buffer.concat([meta, set.bytes]));
  assert.notEqual(patientId, '');
  return rois.map(({ name, contours }) => [name, contours.map(({ points }) => [...points])]);
}

/** What passed the proxy: as it was, without the marks of chunks, and the contours unpacked. */
function readableWire({ sent, received }: FaultyProxy): string {
  const up = Buffer.concat(sent);
  const down = Buffer.concat(received).toString('latin1');
  const request = up.subarray(up.indexOf('/contours HTTP/1.1')).toString('latin1');
  const length = Number(/content-length: (\d+)/i.exec(request)?.[1]);
  const body = request.indexOf('\r\n\r\n') + 4;
  const contours = gunzipSync(Buffer.from(request.slice(body, body + length), 'latin1')).toString('latin1');
  return [up.toString('latin1'), down, down.replaceAll(/\r\n[0-9a-f]+\r\n/g, ''), contours].join('\n');
}

/** What every CT image has, and what the pixels need. */
const plain = new Set(['00080016', '00080060', '00280004', '00281052', '00281053']);
/**
 * The generator of the phantom names itself in the header, and the model is named after phantoms; its registration has the serial
 * number `none`, a word of the security headers of every answer.
 */
const ours = ['phantom', version, 'none'];
const texts = /^(UI|PN|LO|SH|ST|LT|DA|TM|DT|AE|CS|UT)$/;

/** Every text of the headers that could tell whose images these are, or when and where they were made. */
async function headerValues(files: readonly string[]): Promise<Set<string>> {
  const values = new Set<string>();
  for (const path of files) {
    const file = parseDicom(await readFile(path));
    for (const tag of file.tags.filter((one) => !one.startsWith('0002') && !plain.has(one))) {
      const value = texts.test(file.vr(tag) ?? '') ? file.string(tag) : undefined;
      if (value !== undefined && value.length >= 4 && !ours.includes(value)) values.add(value);
    }
  }
  return values;
}

/** No value of any header is on the wire. */
async function assertNamesNobody(wire: string, files: readonly string[]): Promise<void> {
  // The digits of a time may come about by chance in those of a coordinate.
  const withoutDecimals = wire.replaceAll(/\d+\.\d+/g, '');
  const secrets = await headerValues(files);
  for (const path of [files[0]!, files.at(-1)!]) {
    const file = parseDicom(await readFile(path));
    for (const tag of ['00100010', '00100020', '0020000d', '00080018', '00200052', '00080020'])
      assert.ok(secrets.has(file.string(tag) ?? ''), `${tag} is among what is looked for`);
  }
  assert.deepEqual(
    [...secrets].filter((value) => (/^\d+$/.test(value) ? withoutDecimals : wire).includes(value)),
    [],
  );
}

test('a CT comes to the TPS as the same contours, whether its worker sees the data directory or reaches the node over HTTP', async (t) => {
  const { ct, files } = await phantomCt(t, 301);
  const near = await remoteClinic(t, { ct, queues: ['contour', 'deliver'] });
  const far = await remoteClinic(t, { ct });
  const proxy = await faultyProxy(t, far.httpPort);
  const pool = await poolWorker(t, [{ url: `http://127.0.0.1:${proxy.port}`, tokenFile: far.tokenFile }]);
  await near.send(files);
  await far.send(files);
  await near.delivered(1);
  await far.delivered(1);
  assert.deepEqual(contoursOf(far.tps.imported), contoursOf(near.tps.imported));
  assert.deepEqual(
    pool.ends.map(({ outcome }) => outcome),
    ['returned'],
  );

  const metrics = await eventually('the pictures are there too', 30, async () => {
    const text = await far.metrics();
    return text.includes('contour_node_remote_orders_total{worker="pool",outcome="contoured"} 1') ? text : undefined;
  });
  assert.match(metrics, /contour_node_remote_bytes_total\{worker="pool",direction="sent"\} \d{6}/);

  const wire = readableWire(proxy);
  assert.ok(wire.includes('"touchesFieldOfView"'), 'the contours are among what is read here');
  assert.ok(wire.includes('1.2.840.10008.5.1.4.1.1.2\0'), 'and the files of the slices');
  await assertNamesNobody(wire, files);
  // Names of the clinic's own configuration have no business there either.
  for (const own of ['"tps"', far.tps.aeTitle, far.folder]) assert.equal(wire.includes(own), false, own);
});

test('an MR beside the CT goes to the remote worker as its pixels and their place: the TPS reads by which MR it was contoured', async (t) => {
  const { ct, files, beside } = await phantomCt(t, 302, { mr: true });
  const inputs = { MR: { match: { contrastAgent: 'given' }, waitMinutes: 0 } };
  const routes = [{ name: 'all', models: ['phantom-gtvp-mr'], destinations: ['tps'], inputs }];
  const clinic = await remoteClinic(t, { ct, sections: { routes } });
  const proxy = await faultyProxy(t, clinic.httpPort);
  await poolWorker(t, [{ url: `http://127.0.0.1:${proxy.port}`, tokenFile: clinic.tokenFile }]);
  await clinic.send(beside);
  // So that the CT is contoured once, with it.
  const mr = await eventually('the MR is complete', 30, () =>
    clinic.list().find(({ modality, revision }) => modality === 'MR' && revision === 1),
  );
  await clinic.send(files);
  const delivered = await eventually('the CT is delivered', 90, () =>
    clinic.list().find(({ modality, state }) => modality === undefined && plainState(state) === 'delivered'),
  );
  const [registration] = clinic.node.series.show(delivered.key)!.inputs![0]!.registrations!;
  const [set] = clinic.tps.imported;
  assert.ok(set!.bytes.includes(`with MR ${mr.key} of 2026-01-01 by registration ${registration}`));

  const wire = readableWire(proxy);
  assert.ok(wire.includes('1.2.840.10008.5.1.4.1.1.4\0'), 'the files of the MR are among what is read here');
  assert.ok(/"inputs":\[\{"name":"MR","used":true,"how":"registration"/.test(wire), 'and what became of it');
  await assertNamesNobody(wire, [...files, ...beside]);
  for (const own of [mr.key, registration!]) assert.equal(wire.includes(own), false, 'a pseudonym of its own');
});
