import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeText, splitText } from '../../src/dicom/character-set.ts';

const hex = (bytes: string): Buffer => Buffer.from(bytes.replaceAll(' ', ''), 'hex');

test('each single-byte set reads its letters (CS 6)', () => {
  for (const [term, bytes, text] of [
    ['', '41 42', 'AB'],
    ['ISO_IR 6', '41 42', 'AB'],
    ['ISO_IR 100', 'c4 6e 65 61 73', 'Äneas'],
    ['ISO_IR 101', '57 61 b3 ea 73 61', 'Wałęsa'],
    ['ISO_IR 109', 'a1', 'Ħ'],
    ['ISO_IR 110', 'b6', 'ļ'],
    ['ISO_IR 144', 'bb ee da', 'Люк'],
    ['ISO_IR 127', 'e2 c8', 'قب'],
    ['ISO_IR 126', 'c4 e9', 'Δι'],
    ['ISO_IR 138', 'f9 e5', 'שו'],
    ['ISO_IR 148', 'fe', 'ş'],
    ['ISO_IR 166', 'a1 d2', 'กา'],
    ['ISO_IR 203', 'a4', '€'],
    ['ISO_IR 13', 'd4 cf c0 de', 'ﾔﾏﾀﾞ'],
  ] as const) {
    assert.equal(decodeText(hex(bytes), [term]), text, term);
  }
});

test('UTF-8, GB18030 and GBK stand for themselves; a backslash inside a character separates nothing (CS 6)', () => {
  assert.equal(decodeText(Buffer.from('王小明'), ['ISO_IR 192']), '王小明');
  assert.equal(decodeText(hex('cd f5 d0 a1 c3 f7'), ['GBK']), '王小明');
  assert.equal(decodeText(hex('cd f5 81 30 81 30'), ['GB18030']), '王\u0080');
  // GBK 8D 5C is one character; then a real separator.
  assert.deepEqual(splitText(hex('8d 5c 41 5c 42 20'), ['GBK']), ['峔A', 'B']);
});

test('code extensions of PS3.5 annexes H, I and K (CS 6)', () => {
  const japanese = 'd4 cf c0 de 5e c0 db b3 3d 1b 24 42 3b 33 45 44 1b 28 4a 5e 1b 24 42 42 40 4f 3a 1b 28 4a';
  assert.equal(decodeText(hex(japanese), ['ISO 2022 IR 13', 'ISO 2022 IR 87']), 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎');
  const korean = '48 6f 6e 67 3d 1b 24 29 43 fb f3 5e 1b 24 29 43 d1 ce d4 d7';
  assert.equal(decodeText(hex(korean), ['', 'ISO 2022 IR 149']), 'Hong=洪^吉洞');
  const chinese = '5a 68 61 6e 67 3d 1b 24 29 41 d5 c5 5e 1b 24 29 41 d0 a1 b6 ab';
  assert.equal(decodeText(hex(chinese), ['', 'ISO 2022 IR 58']), 'Zhang=张^小东');
  // JIS X 0212, and two single-byte sets in one value.
  assert.equal(decodeText(hex('1b 24 28 44 30 21 1b 28 42 41'), ['', 'ISO 2022 IR 159']), '丂A');
  assert.equal(decodeText(hex('c4 1b 2d 4c bb'), ['ISO 2022 IR 100', 'ISO 2022 IR 144']), 'ÄЛ');
});

test('a separator or a line end switches back to the first set', () => {
  const sets = ['ISO 2022 IR 100', 'ISO 2022 IR 144'];
  assert.equal(decodeText(hex('1b 2d 4c bb 5c c4 0d 0a 1b 2d 4c bb'), sets), 'Л\\Ä\r\nЛ');
  assert.deepEqual(splitText(hex('1b 2d 4c bb 5c c4'), sets), ['Л', 'Ä']);
});

test('undeclared bytes are taken for UTF-8 where they are, else for Latin-1 (CS 6)', () => {
  assert.equal(decodeText(Buffer.from('张'), []), '张');
  assert.equal(decodeText(hex('4d fc 6c 6c 65 72'), []), 'Müller');
});

test('wrong bytes, unknown sets and cut escape sequences never throw', () => {
  const everything = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 89) % 256));
  const sets = [
    '',
    'ISO_IR 192',
    'GB18030',
    'GBK',
    'ISO_IR 13',
    'ISO 2022 IR 87',
    'ISO 2022 IR 149',
    'ISO_IR 9999',
    'nonsense',
    'ISO 2022 IR 159',
  ];
  for (const set of sets) {
    for (let start = 0; start < 300; start++) {
      assert.equal(typeof decodeText(everything.subarray(start), [set, 'ISO 2022 IR 87']), 'string');
    }
    for (const escape of ['1b', '1b24', '1b2428', '1b28', '1b244230', '1b242844ffffff', '1b7a']) {
      assert.equal(typeof decodeText(hex(escape), [set, 'ISO 2022 IR 159']), 'string');
    }
  }
});
