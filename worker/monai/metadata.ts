import { z } from 'zod';
import { unsupported } from '../nnunet/parse-part.ts';

/** `metadata.json` of a MONAI bundle, as far as it is needed: what the model is, and what goes in and out. */
export interface Metadata {
  readonly name: string | undefined;
  readonly version: string;
  readonly monaiVersion: string | undefined;
  readonly description: string | undefined;
  readonly licence: string | undefined;
  readonly intendedUse: string | undefined;
  /** Keys of the image and of the output among the data of the transforms. */
  readonly image: string;
  readonly output: string;
  /** What each channel of the output means, in their order. */
  readonly channels: readonly string[];
}

const schema = z.object({
  name: z.string().optional(),
  version: z.string(),
  monai_version: z.string().optional(),
  description: z.string().optional(),
  license: z.string().optional(),
  copyright: z.string().optional(),
  intended_use: z.string().optional(),
  network_data_format: z.object({
    inputs: z.record(z.string(), z.object({ num_channels: z.int().positive(), modality: z.string().optional() })),
    outputs: z.record(
      z.string(),
      z.object({ num_channels: z.int().positive(), channel_def: z.record(z.string(), z.string()) }),
    ),
  }),
});

/** @throws ContourNodeError MODEL_NOT_SUPPORTED naming the key */
export function readMetadata(json: unknown): Metadata {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unsupported(
      `metadata.json: ${issue?.path.join('.') ?? ''} is not as MONAI writes it: ${issue?.message ?? ''}`,
    );
  }
  const { network_data_format: format, license, copyright, ...own } = parsed.data;
  const [image, input] = only('input', format.inputs);
  const [output, answer] = only('output', format.outputs);
  if (input.num_channels !== 1)
    throw unsupported(`metadata.json: ${image} has ${input.num_channels} channels, a CT has one`);
  if (input.modality?.trim().toUpperCase() !== 'CT')
    throw unsupported(`metadata.json: the modality of ${image} is ${input.modality ?? 'not said'}, not CT`);
  const count = answer.num_channels;
  const channels = Array.from({ length: count }, (_, n) => answer.channel_def[String(n)]);
  const named = channels.filter((name) => name !== undefined);
  if (named.length < count || Object.keys(answer.channel_def).length > count)
    throw unsupported(`metadata.json: channel_def of ${output} must name the channels 0 to ${count - 1}`);
  const twice = named.find((name, n) => named.indexOf(name) < n);
  if (twice !== undefined) throw unsupported(`metadata.json: two channels of ${output} are called ${twice}`);
  return {
    name: own.name,
    version: own.version,
    monaiVersion: own.monai_version,
    description: own.description,
    licence: license ?? copyright,
    intendedUse: own.intended_use,
    image,
    output,
    channels: named,
  };
}

function only<T>(kind: string, all: Readonly<Record<string, T>>): [string, T] {
  const [first, ...more] = Object.entries(all);
  if (first !== undefined && more.length === 0) return first;
  const names = Object.keys(all).join(', ');
  throw unsupported(
    `metadata.json: the network has ${Object.keys(all).length} ${kind}s${names === '' ? '' : ` (${names})`}, one is supported`,
  );
}
