import { parityTests } from './parity.ts';

parityTests([
  { folder: 'plain', folds: ['0'], expected: 'plain-fold0-mirrored-crop', mirroring: true, cut: [64, 192] },
  { folder: 'resenc', folds: ['0'], expected: 'resenc-fold0' },
  { folder: 'resenc', folds: ['0', '1'], expected: 'resenc-folds01' },
]);
