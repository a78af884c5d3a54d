import { parseArgs } from 'node:util';
import { errorFrom } from '../src/problem.ts';
import { ContourNodeError } from '../src/errors.ts';
import { askForReload } from '../src/http/reload-socket.ts';
import { commandConfig, configHelp } from './shared/config-option.ts';

export const summary = 'has the running node and its workers read their configuration again';

export const help = `usage: contour-node reload [--config FILE] [--json]

Checks the configuration, then has the node on its data directory and every worker take over changed peers, destinations,
routes, recipes, users, tokens, notifications and TLS files, and prints what became of it. Run it on the machine, or in
the container, of the node, and as its user. Exit code 0: taken over; 1 or 2: refused, with the reason, and the old
configuration stays in force.

${configHelp}
  --json          the answer as JSON

Examples:
  contour-node reload
  contour-node reload --config /etc/contour-node/contour-node.yaml`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const { config } = await commandConfig(values.config).catch((error: unknown) => {
    if (!(error instanceof ContourNodeError)) throw error;
    throw new ContourNodeError(error.code, `${error.message}; the node was not asked and goes on as before`, {
      remedy: error.remedy,
      cause: error,
    });
  });
  const answer = await askForReload(config.dataDirectory);
  if (values.json) console.log(JSON.stringify(answer, undefined, 2));
  if (answer.problem !== undefined) throw errorFrom(answer.problem);
  const refused = answer.workers.flatMap(({ name, problem }) => (problem === undefined ? [] : [{ name, problem }]));
  if (!values.json) {
    console.log(
      `${answer.source}: taken over by the node and ${answer.workers.length - refused.length} of ${answer.workers.length} workers`,
    );
    for (const name of answer.needRestart) console.log(`${name}: changed; the change takes effect after a restart`);
  }
  const [first] = refused;
  if (first !== undefined)
    throw new ContourNodeError(
      'CHECK_FAILED',
      `worker ${first.name}: ${first.problem.code}: ${first.problem.message}`,
      { remedy: first.problem.remedy },
    );
}
