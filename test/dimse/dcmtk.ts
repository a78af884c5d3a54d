import { type Outcome, runProgram } from '../support/run-program.ts';

/** A program of DCMTK; pynetdicom has programs of the same names that may come first in PATH. */
export function dcmtk(program: 'storescu' | 'echoscu' | 'dcmsend' | 'storescp', ...args: string[]): Promise<Outcome> {
  return runProgram(`/usr/bin/${program}`, args);
}
