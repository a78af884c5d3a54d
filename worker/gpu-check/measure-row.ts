import type { Problem } from '../../src/problem.ts';
import { runChild } from '../processes/run-child.ts';
import { fromChildSchema, type Step, type Task } from './messages.ts';
import type { Row, RowProblem } from './row.ts';

/** A driver that hangs is not waited for. */
const limitMinutes = 20;

const program = new URL('./check-child.ts', import.meta.url);

/**
 * One engine on one device, in a process of its own. A crash or a hang becomes a row that says in which step.
 * @param signal ends it at once
 */
export async function measureRow(task: Task, signal: AbortSignal): Promise<Row> {
  const { engine, device } = task;
  let step: Step = 'opening the network';
  let done = false;
  let seen: Pick<Row, 'goldenDifference' | 'inference' | 'training'> = {};
  const failures: (Problem & { step: Step })[] = [];
  const onMessage = (raw: unknown): void => {
    const message = fromChildSchema.safeParse(raw).data;
    if (message === undefined) return;
    if (message.kind === 'begins') step = message.step;
    else if (message.kind === 'golden') seen = { ...seen, goldenDifference: message.difference };
    else if (message.kind === 'inference') seen = { ...seen, inference: message.inference };
    else if (message.kind === 'training') seen = { ...seen, training: message.training };
    else if (message.kind === 'failed') failures.push({ ...message.problem, step });
    else done = true;
  };
  const how = await runChild(program, task, { onMessage, limitMinutes, signal });
  if (!done) failures.push({ ...crashed(engine, device, how), step });
  const [first] = failures;
  // Without a Vulkan driver there is nothing that WebGPU could run on.
  if (device === 'webgpu' && first?.code === 'ENGINE_UNAVAILABLE') {
    const { message, remedy } = first;
    return { engine, device, outcome: 'absent', problems: [{ message, remedy }] };
  }
  const problems = failures.map((failure): RowProblem => {
    const { message, remedy } = remedied(failure, device);
    return { step: failure.step, message, remedy };
  });
  return { engine, device, ...seen, outcome: problems.length === 0 ? 'ran' : 'failed', problems };
}

function crashed(engine: string, device: string, how: string): Problem {
  return {
    code: 'ENGINE_FAILED',
    message: `the process of ${engine} on ${device} ${how}`,
    remedy: device === 'cpu' ? 'run ./setup again' : "update NVIDIA's driver, then run ./setup --gpu again",
  };
}

/** The catalogue's remedies are those of a node; here a person looks for what the card does. */
function remedied(problem: Problem, device: string): Problem {
  if (problem.code === 'BUNDLE_GOLDEN' && device !== 'cpu') {
    return {
      ...problem,
      remedy:
        'run again with NVIDIA_TF32_OVERRIDE=0, which makes the card compute in float32; if it passes, set it for the worker; if not, do not contour on this device',
    };
  }
  if (problem.code !== 'ENGINE_FAILED' || device === 'cpu') return problem;
  return {
    ...problem,
    remedy: 'see in nvidia-smi whether another program fills the card; then run ./setup --gpu again',
  };
}
