import { type DestinationStream, pino, type Logger } from 'pino';
import { ContourNodeError } from './errors.ts';

export type Log = Logger;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Fields that hold patient data wherever they come from; their values never reach a log. */
const patientFields = /^(patient|person|referringPhysician|operators?Name|otherPatient|accession|study|institution)/i;
/** Fields whose names begin like those above and say nothing of a patient. */
const harmlessFields = new Set(['patientPosition']);

/** PS3.5 9.1: a UID is 0, 1 or 2 followed by further numbers. An IP address and a version have fewer or shorter ones. */
const uid = /\b[0-2](?:\.\d+){2,}/g;
/** UIDs that the standard itself gives out say nothing of a patient: SOP classes, transfer syntaxes. */
const standardUid = /^1\.2\.840\.10008\./;

/**
 * The log: JSON lines on stdout (or `stream`), without patient data and DICOM UIDs, whatever a library puts into its
 * message.
 *
 * @param part which process it is: `node`, `worker`, `start`
 */
export function createLog(
  { logging }: { readonly logging: { readonly level: LogLevel } },
  part: string,
  stream: DestinationStream = standardOutput(),
): Log {
  return pino(
    {
      level: logging.level,
      base: { part, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      serializers: { err: (error: unknown) => error },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => scrub(fields) as Record<string, unknown>,
      },
    },
    // The finished line, so that no way around the fields is left.
    { write: (line) => stream.write(withoutUids(line)) },
  );
}

/** A reader of the log that goes away is no reason to end. */
function standardOutput(): DestinationStream {
  return pino.destination({ dest: 1, sync: true }).on('error', () => undefined);
}

/** `text` with every UID replaced that is not one of the standard's own. */
export function withoutUids(text: string): string {
  return text.replace(uid, (found) => {
    const components = found.split('.');
    const long = components.length >= 6 || components.some((component) => component.length >= 10);
    return long && !standardUid.test(found) ? '[uid]' : found;
  });
}

/** A copy without patient data; errors as code, message, remedy and the places of their stack. */
function scrub(value: unknown, depth = 0): unknown {
  if (value instanceof Error) return scrubError(value, depth);
  if (value === null || typeof value !== 'object') return value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth > 6) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      patientFields.test(key) && !harmlessFields.has(key) ? '[redacted]' : scrub(inner, depth + 1),
    ]),
  );
}

function scrubError(error: Error, depth: number): Record<string, unknown> {
  const places = error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
  const known = error instanceof ContourNodeError;
  return {
    type: error.name,
    code: 'code' in error ? String(error.code) : undefined,
    message: error.message,
    ...(known ? { remedy: error.remedy } : { stack: places?.join(' | ') }),
    ...(error.cause instanceof Error && depth < 3 ? { cause: scrubError(error.cause, depth + 1) } : {}),
  };
}
