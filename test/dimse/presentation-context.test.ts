import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { rtStructureSetStorage } from '../../src/dicom/rtstruct/structure-set.ts';
import { configSchema, peerSchema } from '../../src/config/schema.ts';
import { mrImageStorage } from '../../src/dicom/mr-image.ts';
import { spatialRegistrationStorage } from '../../src/dicom/spatial-registration.ts';
import {
  answerContext,
  deformableSpatialRegistrationStorage,
  inputsFrom,
  refusedClasses,
  supportedContexts,
  verificationSopClass,
} from '../../src/dimse/presentation-context.ts';

const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';
const jpegBaseline = '1.2.840.10008.1.2.4.50';
const jpegExtended = '1.2.840.10008.1.2.4.51';
const jpeg2000 = '1.2.840.10008.1.2.4.91';
const jpeg2000Lossless = '1.2.840.10008.1.2.4.90';
const enhancedCt = '1.2.840.10008.5.1.4.1.1.2.1';
const enhancedMr = '1.2.840.10008.5.1.4.1.1.4.1';
const lossless = supportedContexts({ acceptLossy: false });
const lossy = supportedContexts({ acceptLossy: true });

test('the first supported transfer syntax of the proposer is taken (CS 4.2.4.1)', () => {
  assert.deepEqual(answerContext(lossless, ctImageStorage, [jpegBaseline, jpeg2000Lossless, explicit]), {
    result: 0,
    transferSyntax: jpeg2000Lossless,
  });
  assert.deepEqual(answerContext(lossless, verificationSopClass, [explicit, implicit]), {
    result: 0,
    transferSyntax: explicit,
  });
});

test('Enhanced CT is taken like CT; another class gets result 3, what cannot be decoded result 4 (PS3.8 table 9-18)', () => {
  assert.deepEqual(answerContext(lossless, enhancedCt, [explicit]), { result: 0, transferSyntax: explicit });
  assert.deepEqual(answerContext(lossless, enhancedMr, [implicit]), { result: 3 });
  assert.deepEqual(
    answerContext(lossy, ctImageStorage, [jpegBaseline, '1.2.840.10008.1.2.4.53', '1.2.840.10008.1.2.4.55']),
    { result: 4 },
  );
  assert.deepEqual(answerContext(lossless, ctImageStorage, []), { result: 4 });
});

test('MR and registrations are taken from peers configured so, or from this machine where a route or its recipe wants them (CS 4.2.4.1)', () => {
  const wanting = configSchema.parse({ routes: [{ name: 'npc', models: ['one'], inputs: { MR: {} } }] });
  const peer = (accept: object) => peerSchema.parse({ name: 'pacs', aeTitle: 'PACS', accept });
  const taken = (from: Parameters<typeof inputsFrom>[0], config = wanting) => {
    const supported = supportedContexts({ acceptLossy: false, ...inputsFrom(from, config) });
    return [mrImageStorage, spatialRegistrationStorage].map((uid) => answerContext(supported, uid, [implicit]).result);
  };
  assert.deepEqual(taken(peer({})), [3, 3]);
  assert.deepEqual(taken(peer({ mr: 'take' })), [0, 3]);
  assert.deepEqual(taken(peer({ mr: 'take', registrations: 'take' }), configSchema.parse({})), [0, 0]);
  assert.deepEqual(taken(undefined), [0, 0]);
  assert.deepEqual(taken(undefined, configSchema.parse({})), [3, 3]);
  const recipes = [{ name: 'npc', structures: [{ name: 'GTVp', from: 'one/GTVp' }], inputs: { MR: {} } }];
  assert.deepEqual(taken(undefined, configSchema.parse({ recipes })), [3, 3], 'no route takes the recipe');
  assert.deepEqual(taken(undefined, configSchema.parse({ recipes, routes: [{ name: 'npc', recipe: 'npc' }] })), [0, 0]);
  const all = supportedContexts({ acceptLossy: true, mr: true, registrations: true });
  for (const uid of [enhancedMr, deformableSpatialRegistrationStorage]) {
    assert.deepEqual(answerContext(all, uid, [implicit]), { result: 3 });
    assert.match(refusedClasses.get(uid) ?? '', /is not taken$/);
  }
});

test('lossy syntaxes are for peers configured so, and only where nothing else is offered (CS 4.2.4.1)', () => {
  for (const syntax of [jpegExtended, jpeg2000, '1.2.840.10008.1.2.4.81']) {
    assert.deepEqual(answerContext(lossless, ctImageStorage, [syntax]), { result: 4 });
    assert.deepEqual(answerContext(lossy, ctImageStorage, [syntax]), { result: 0, transferSyntax: syntax });
  }
  assert.deepEqual(answerContext(lossy, ctImageStorage, [jpegExtended, implicit]), {
    result: 0,
    transferSyntax: implicit,
  });
});

test('structure sets are taken uncompressed (CS 4.2.4.4)', () => {
  assert.deepEqual(answerContext(lossless, rtStructureSetStorage, [implicit]), { result: 0, transferSyntax: implicit });
  assert.deepEqual(answerContext(lossless, rtStructureSetStorage, ['1.2.840.10008.1.2.1.99', explicit]), {
    result: 0,
    transferSyntax: explicit,
  });
  assert.deepEqual(answerContext(lossless, rtStructureSetStorage, ['1.2.840.10008.1.2.1.99']), { result: 4 });
});
