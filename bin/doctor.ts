import { parseArgs, styleText } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { type CheckResult, examine } from '../worker/processes/doctor.ts';
import { commandConfig, configHelp } from './shared/config-option.ts';

export const summary = 'checks configuration, disk, Redis, ports, engines, bundles and peers';

export const help = `usage: contour-node doctor [--config FILE] [--json]

Prints one line for each check, and below a failed one what to do. Exit code 1 when one fails. Peers get a C-ECHO, and
destinations an association that offers RT Structure Set Storage; nothing is stored there. A running node is not disturbed.

${configHelp}
  --json          one JSON document

Examples:
  contour-node doctor
  contour-node doctor --config /etc/contour-node.yaml`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const { config, source } = await commandConfig(values.config);
  const results: CheckResult[] = [];
  const report = (result: CheckResult): void => {
    results.push(result);
    if (!values.json) console.log(line(result));
  };
  report({ check: 'configuration', ok: true, detail: source });
  for await (const result of examine(config)) report(result);
  const failed = results.filter(({ ok }) => !ok);
  if (values.json) console.log(JSON.stringify({ ok: failed.length === 0, checks: results }, undefined, 2));
  if (failed.length > 0) {
    const names = failed.map(({ check }) => check).join(', ');
    throw new ContourNodeError('CHECK_FAILED', `${failed.length} of ${results.length} checks failed: ${names}`);
  }
}

function line({ check, ok, detail, remedy }: CheckResult): string {
  const fix = remedy === undefined ? '' : `\n${' '.repeat(31)}→ ${remedy}`;
  // No colour where stdout is no terminal or NO_COLOR is set.
  const verdict = ok ? styleText('green', 'ok  ') : styleText(['red', 'bold'], 'FAIL');
  return `${verdict} ${check.padEnd(25)} ${detail}${fix}`;
}
