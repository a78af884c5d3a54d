import { type Config, configSchema } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';

interface EngineOptions {
  readonly engine?: string | undefined;
  readonly device?: string | undefined;
  readonly precision?: string | undefined;
}

/**
 * The configuration with the engine, device and precision of `--engine`, `--device` and `--precision`.
 * @throws ContourNodeError USAGE: no such engine, or not on this device
 */
export function withEngine(config: Config, { engine: name, device, precision }: EngineOptions): Config {
  const { engine } = config;
  const chosen = {
    ...engine,
    name: name ?? engine.name,
    device: device ?? engine.device,
    ...(precision && { precision }),
  };
  const parsed = configSchema.shape.engine.safeParse(chosen);
  if (parsed.success) return { ...config, engine: parsed.data };
  const how = precision === undefined ? '' : `, --precision ${precision}: auto or float32`;
  throw new ContourNodeError('USAGE', `there is no engine ${chosen.name} on ${chosen.device}${how}`);
}
