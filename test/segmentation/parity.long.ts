import { parityTests } from './parity.ts';

parityTests([
  { folder: 'resenc', folds: ['0'], expected: 'resenc-fold0' },
  { folder: 'resenc', folds: ['0', '1'], expected: 'resenc-folds01' },
]);
