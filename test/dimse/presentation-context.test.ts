import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { rtStructureSetStorage } from '../../src/dicom/rtstruct/structure-set.ts';
import { answerContext, supportedContexts, verificationSopClass } from '../../src/dimse/presentation-context.ts';

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
