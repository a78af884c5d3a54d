import { parityTests } from './parity.ts';

// Mirroring and the residual network are in parity.long.ts: they take minutes.
parityTests([{ folder: 'plain', folds: ['0'], expected: 'plain-fold0' }]);
