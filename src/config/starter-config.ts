import { stringify } from 'yaml';
import type { BundleManifest } from '../bundles/manifest.ts';

/** What a first configuration depends on. */
export interface StarterAnswers {
  /** This node's AE title. */
  readonly aeTitle: string;
  readonly dataDirectory: string;
  readonly modelsDirectory: string;
  readonly model: { readonly name: string; readonly intendedUse: BundleManifest['intendedUse'] };
  /** Who sends, besides programs on this machine. */
  readonly scanner?: { readonly aeTitle: string; readonly address: string };
  /** Where structure sets go; without one they stay here. */
  readonly tps?: { readonly aeTitle: string; readonly host: string; readonly port: number };
}

/** A commented configuration file, with no more in it than what was asked for. */
export function starterConfig(answers: StarterAnswers): string {
  const { aeTitle, dataDirectory, modelsDirectory, model, scanner, tps } = answers;
  const value = (text: string | number): string => stringify(text).trim();
  const lines = [
    '# contour-node, written by `contour-node init`. Not a medical device: a clinician reviews every contour.',
    '# Every key with its default: config/default.yaml; a whole clinic: config/clinic.yaml; explained: docs/configuration.md.',
    '# Check it with `contour-node doctor --config THIS-FILE`; SIGHUP takes over most changes.',
    '',
    '# Images, structure sets and state. Patient data lies here: back it up (`contour-node backup`).',
    `dataDirectory: ${value(dataDirectory)}`,
    '',
    'dicom:',
    '  # Enter this title, the address of this machine and port 11112 in the scanner and in the TPS.',
    `  aeTitle: ${value(aeTitle)}`,
    '  port: 11112',
    '',
    'models:',
    `  directory: ${value(modelsDirectory)}`,
    '',
    '# Programs on this machine may send whatever their title; everybody else stands here.',
    ...(scanner === undefined && tps === undefined ? ['peers: []'] : ['peers:']),
    ...(scanner === undefined
      ? []
      : [
          '  - name: scanner',
          `    aeTitle: ${value(scanner.aeTitle)}`,
          `    addresses: [${JSON.stringify(scanner.address)}] # where it calls from, or a CIDR range`,
        ]),
    ...(tps === undefined
      ? []
      : [
          '  - name: tps',
          `    aeTitle: ${value(tps.aeTitle)}`,
          `    host: ${value(tps.host)}`,
          `    port: ${tps.port}`,
        ]),
    '',
    ...(tps === undefined
      ? ['destinations: [] # none: structure sets stay here, under dataDirectory']
      : [
          'destinations:',
          '  - name: tps',
          '    peer: tps',
          '    transferSyntaxes: [implicit, explicit] # what is offered; Pinnacle takes implicit',
          `    allow: [${model.intendedUse}] # ${model.name} is for ${model.intendedUse}: the structure set says so`,
        ]),
    '',
    '# First match wins; `when` can look at titles, addresses and any DICOM attribute. This one takes every CT.',
    'routes:',
    '  - name: everything',
    `    models: [${value(model.name)}]`,
    `    destinations: [${tps === undefined ? '' : 'tps'}]`,
  ];
  return `${lines.join('\n')}\n`;
}
