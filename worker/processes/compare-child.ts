import { constants, setPriority } from 'node:os';
import { compareCorrection } from '../correction/compare-correction.ts';
import { problemFrom } from '../../src/problem.ts';
import { compareTaskSchema, type FromCompareChild } from './compare-messages.ts';

// Forked by compare-process.ts for one comparison. It may need much time and memory, and may be killed at any time.

function tell(message: FromCompareChild): void {
  process.send?.(message, () => process.disconnect());
}

// Lower priority than contouring, for which a patient may be waiting.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

process.once('message', (raw) => {
  const { dataDirectory, payload } = compareTaskSchema.parse(raw);
  compareCorrection(dataDirectory, payload).then(
    ({ status }) => tell({ kind: 'done', status }),
    (error: unknown) => tell({ kind: 'failed', problem: problemFrom(error) }),
  );
});

// Ctrl-C reaches the whole group; the parent decides when this process ends.
process.on('SIGINT', () => undefined);
