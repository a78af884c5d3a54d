import type { OpenTarget } from '../target.ts';

/** What the first byte of an input does. */
export const harm = { exception: 0x00, crash: 0x80, loop: 0x7f, memory: 0xff, print: 0x41 } as const;

/** Does everything that no target may do, each for its own inputs: what shows that the fuzzer notices. */
export const open: OpenTarget = async () => {
  const kept: Buffer[] = [];
  return {
    samples: [Buffer.from('abcdefgh')],
    feed(input) {
      const first = input[0] ?? 0;
      if (first === harm.exception) throw new TypeError('thrown');
      if (first === harm.crash) process.exit(3);
      while (first === harm.loop);
      if (first === harm.print) console.log(input.toString());
      if (first === harm.memory) kept.push(Buffer.alloc(800 * 1024 * 1024, 1));
    },
  };
};
