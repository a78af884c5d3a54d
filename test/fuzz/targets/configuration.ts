import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig } from '../../../src/config/load.ts';
import { loadTrainingConfig } from '../../../worker/training/training-config.ts';
import { temporaryFolder } from '../../dimse/running-scp.ts';
import { checkout } from '../../support/run-program.ts';
import { catalogued, type OpenTarget } from '../target.ts';

/** YAML that is legal and rare: anchors, merges, tags, several kinds of text and numbers. */
const rare = `
dicom: &all
  aeTitle: !!str CONTOUR
  otherAeTitles: [&one A, *one]
  idleSeconds: 6e1
peers:
  - { name: tps, aeTitle: TPS, host: &h 'a.b', port: 0x68, addresses: [10.0.0.0/8, "fe80::1%eth0"] }
  - <<: *all
routes:
  - name: all
    when: { attributes: [{ tag: ProtocolName, matches: "^(a|b)+$" }] }
    models: [>-
      folded
      text]
`;

/** A configuration file of the node, and one of a training. */
export const open: OpenTarget = async (cleanup) => {
  const path = join(await temporaryFolder(cleanup), 'training.yaml');
  const files = await Promise.all(
    ['clinic.yaml', 'default.yaml', 'training/phantom-gtvp.yaml'].map((file) => readFile(`${checkout}config/${file}`)),
  );
  return {
    samples: [Buffer.from(rare), ...files],
    async feed(input) {
      await catalogued(() => parseConfig(input.toString('utf8'), 'fuzz.yaml'));
      await writeFile(path, input);
      await catalogued(() => loadTrainingConfig(path));
    },
  };
};
