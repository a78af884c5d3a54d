import { loadTensorFlow } from '../../worker/engines/load-tensorflow.ts';
import { train, type Training } from '../../worker/training/trainer.ts';
import { smallConfig } from './small-training.ts';

// Trains until somebody kills it: node killed-training.ts DIRECTORY CASES
const [, , directory = '', split = ''] = process.argv;
let epochs = 0;
await train(await loadTensorFlow(), {
  config: smallConfig(),
  cases: JSON.parse(split) as Training['cases'],
  directory,
  onEpoch: () => {
    epochs += 1;
  },
  onUpdate: () => {
    if (epochs > 0) console.log('an update of the second epoch is done');
  },
});
