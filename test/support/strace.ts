import { runProgram } from './run-program.ts';

/** For a test's `skip`: why system calls cannot be looked at here; false where they can. */
export const noStrace =
  (await runProgram('strace', ['-o', '/dev/null', 'true']).catch(() => undefined))?.code === 0
    ? false
    : 'strace cannot be used here';
