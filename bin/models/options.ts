/** The options of every `models` action. */
export const options = {
  engine: { type: 'string' },
  device: { type: 'string' },
  config: { type: 'string' },
  about: { type: 'string' },
  training: { type: 'string' },
  data: { type: 'string' },
  cache: { type: 'string' },
  out: { type: 'string' },
  pictures: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

export interface ModelsOptions {
  readonly engine?: string | undefined;
  readonly device?: string | undefined;
  readonly config?: string | undefined;
  readonly about?: string | undefined;
  readonly training?: string | undefined;
  readonly data?: string | undefined;
  readonly cache?: string | undefined;
  readonly out?: string | undefined;
  readonly pictures: boolean;
  readonly json: boolean;
}
