import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { type Edit, editedStructureSet } from './edited-structure-set.ts';
import { runProgram } from './run-program.ts';

/**
 * Edits a structure set as somebody at a planning system would, and sends it to a node with DCMTK's storescu.
 *
 * @param to.mayDie the node may be killed as soon as it has answered: the release then fails, which loses nothing
 */
export async function sendCorrected(
  to: { readonly folder: string; readonly dicomPort: number; readonly mayDie?: boolean },
  structureSet: Uint8Array,
  edit: Edit,
): Promise<void> {
  const file = join(to.folder, `corrected-${Date.now()}.dcm`);
  await writeFile(file, editedStructureSet(structureSet, edit));
  const call = ['-aet', 'PINNACLE', '-aec', 'CONTOUR', '127.0.0.1', String(to.dicomPort), file];
  const sent = await runProgram('storescu', call);
  if (to.mayDie === true && /Association Release Failed/.test(sent.stderr)) return;
  assert.equal(sent.code, 0, sent.stderr);
}
