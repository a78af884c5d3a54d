import { stringify } from 'yaml';
import type { BundleManifest } from '../bundles/manifest.ts';

/** What a first configuration depends on. */
export interface StarterAnswers {
  /** This node's AE title. */
  readonly aeTitle: string;
  readonly dicomPort: number;
  readonly httpPort: number;
  readonly dataDirectory: string;
  readonly modelsDirectory: string;
  /** Without one nothing is contoured yet. */
  readonly model?: { readonly name: string; readonly intendedUse: BundleManifest['intendedUse'] };
  /** Who sends, besides programs on this machine. */
  readonly scanner?: {
    readonly aeTitle: string;
    readonly address: string;
    /** The name that it was given by. */
    readonly host?: string;
  };
  /** Where structure sets go; without one they stay here. */
  readonly tps?: { readonly aeTitle: string; readonly host: string; readonly port: number };
}

/** A commented configuration file, with no more in it than what was asked for. */
export function starterConfig(answers: StarterAnswers): string {
  const { aeTitle, dicomPort, httpPort, dataDirectory, modelsDirectory, model, scanner, tps } = answers;
  const value = (text: string | number): string => stringify(text).trim();
  const lines = [
    '# contour-node, written by `contour-node init`. Not a medical device: a clinician reviews every contour.',
    '# Every key with its default: config/default.yaml; a whole clinic: config/clinic.yaml; explained: docs/configuration.md.',
    '# `contour-node doctor` checks it, `contour-node reload` has the running node take over most changes. Where a command',
    '# gets no --config it uses contour-node.yaml of its folder. Paths are relative to this file.',
    '',
    '# Images, structure sets and state. Patient data lies here: back it up (`contour-node backup`).',
    `dataDirectory: ${value(dataDirectory)}`,
    '',
    'dicom:',
    '  # Enter this title, the address of this machine and this port in the scanner and in the TPS.',
    `  aeTitle: ${value(aeTitle)}`,
    `  port: ${dicomPort}`,
    '',
    'http:',
    '  # The page, for this machine alone; docs/security.md says how others get to it.',
    `  port: ${httpPort}`,
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
          `    addresses: [${JSON.stringify(scanner.address)}] # ${scanner.host === undefined ? 'where it calls from, or a CIDR range' : scanner.host}`,
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
          ...(model === undefined
            ? []
            : [
                `    allow: [${model.intendedUse}] # ${model.name} is for ${model.intendedUse}: the structure set says so`,
              ]),
        ]),
    '',
    '# First match wins; `when` can look at titles, addresses and any DICOM attribute. This one takes every CT.',
    ...(model === undefined
      ? ['# There was no model when this was written: nothing is contoured until a route names one.', 'routes: []']
      : [
          'routes:',
          '  - name: everything',
          `    models: [${value(model.name)}]`,
          `    destinations: [${tps === undefined ? '' : 'tps'}]`,
        ]),
  ];
  return `${lines.join('\n')}\n`;
}
