import { forceOption } from '../shared/new-output.ts';

/** The options of every `models` action. */
export const options = {
  engine: { type: 'string' },
  device: { type: 'string' },
  config: { type: 'string' },
  about: { type: 'string' },
  training: { type: 'string' },
  data: { type: 'string' },
  phantoms: { type: 'string' },
  cache: { type: 'string' },
  out: { type: 'string' },
  configuration: { type: 'string' },
  folds: { type: 'string' },
  yes: { type: 'boolean', default: false },
  'known-failure': { type: 'string', multiple: true },
  pictures: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  ...forceOption,
} as const;

export interface ModelsOptions {
  readonly engine?: string | undefined;
  readonly device?: string | undefined;
  readonly config?: string | undefined;
  readonly about?: string | undefined;
  readonly training?: string | undefined;
  readonly data?: string | undefined;
  readonly phantoms?: string | undefined;
  readonly cache?: string | undefined;
  readonly out?: string | undefined;
  readonly configuration?: string | undefined;
  readonly folds?: string | undefined;
  readonly yes: boolean;
  readonly 'known-failure'?: string[] | undefined;
  readonly pictures: boolean;
  readonly json: boolean;
  readonly force: boolean;
}
