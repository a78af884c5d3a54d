import { problemFrom } from '../../src/problem.ts';
import { stageAfterResult } from '../../src/work/progress.ts';
import { writeReturnedContours } from './write-returned-contours.ts';
import { type FromWriter, writeTaskSchema } from './writer-messages.ts';

// Forked by writer-process.ts for one order. It may need much memory, and may be killed at any time.

function tell(message: FromWriter, last: boolean): void {
  process.send?.(message, () => last && process.disconnect());
}

process.once('message', (raw) => {
  const { payload, file, ...directories } = writeTaskSchema.parse(raw);
  const progress = (stage: string): void => {
    if (stage === stageAfterResult) tell({ kind: 'result' }, false);
  };
  writeReturnedContours(payload, file, { ...directories, progress }).then(
    ({ status }) => tell({ kind: 'done', status }, true),
    (error: unknown) => tell({ kind: 'failed', problem: problemFrom(error) }, true),
  );
});

// Ctrl-C reaches the whole group; the parent decides when this process ends.
process.on('SIGINT', () => undefined);
