import { parityTests } from './parity.ts';

// The residual network is in parity.long.ts: it takes minutes.
parityTests([
  { folder: 'plain', folds: ['0'], expected: 'plain-fold0' },
  { folder: 'plain', folds: ['0'], expected: 'plain-fold0-mirrored-crop', mirroring: true, cut: [64, 192] },
]);
