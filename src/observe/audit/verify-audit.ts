import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ContourNodeError } from '../../errors.ts';
import { auditFile, auditFiles } from './audit-files.ts';
import { type AuditHead, chainStart, readAuditLine } from './audit-line.ts';

/**
 * Follows the chain from its first line to its last.
 *
 * @param known a head that was noted elsewhere (syslog): the chain has to contain it
 * @returns the head
 * @throws ContourNodeError AUDIT_BROKEN saying at which line of which file something was changed, removed or inserted
 */
export async function verifyAudit(directory: string, known?: AuditHead): Promise<AuditHead> {
  if (!existsSync(directory)) throw new ContourNodeError('PATH_NOT_FOUND', `no audit trail in ${directory}`);
  let head = chainStart;
  let seen = known === undefined;
  const files = auditFiles(directory);
  for (const [index, name] of files.entries()) {
    if (name !== auditFile(index + 1)) throw broken(`${auditFile(index + 1)} is missing`);
    let lineNumber = 0;
    for await (const line of createInterface({ input: createReadStream(join(directory, name)) })) {
      lineNumber += 1;
      const at = `${name}, line ${lineNumber}`;
      const read = readAuditLine(line);
      if (read === undefined) throw broken(`${at}: the line was changed`);
      if (read.number > head.number + 1)
        throw broken(`${at}: ${read.number - head.number - 1} line(s) before it were removed`);
      if (read.number <= head.number) throw broken(`${at}: the line was inserted`);
      if (read.previous !== head.hash) throw broken(`${at}: the line before it was replaced, or this one was inserted`);
      head = read;
      if (read.number === known?.number) {
        if (read.hash !== known.hash) throw broken(`${at}: it is another line than the head that was noted`);
        seen = true;
      }
    }
  }
  if (!seen) throw broken(`the trail ends with line ${head.number}; the head that was noted is line ${known?.number}`);
  return { number: head.number, hash: head.hash };
}

function broken(words: string): ContourNodeError {
  return new ContourNodeError('AUDIT_BROKEN', words);
}
