import { type Config, configSchema } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';

/**
 * The configuration with the engine and device of `--engine` and `--device`.
 * @throws ContourNodeError USAGE: no such engine, or not on this device
 */
export function withEngine(
  config: Config,
  { engine: name, device }: { readonly engine?: string | undefined; readonly device?: string | undefined },
): Config {
  const { engine } = config;
  const chosen = { ...engine, name: name ?? engine.name, device: device ?? engine.device };
  const parsed = configSchema.shape.engine.safeParse(chosen);
  if (parsed.success) return { ...config, engine: parsed.data };
  throw new ContourNodeError('USAGE', `there is no engine ${chosen.name} on ${chosen.device}`);
}
