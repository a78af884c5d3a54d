import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import assert from 'node:assert/strict';
import { runProgram } from './run-program.ts';

export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

async function openssl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram('openssl', args);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** A CA in `folder`, by the commands that docs/security.md shows. */
export async function certificateAuthority(folder: string, name = 'clinic-ca'): Promise<Certificate> {
  const [keyFile, certificateFile] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const request = `req -x509 -newkey rsa:3072 -nodes -days 3650 -subj /O=Clinic/CN=${name}`;
  const extensions = '-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign';
  await openssl(...`${request} ${extensions}`.split(' '), '-keyout', keyFile, '-out', certificateFile);
  return { certificateFile, keyFile };
}

/** A certificate for `name` and 127.0.0.1 that `ca` signs; without `ca` it signs itself. */
export async function certificate(folder: string, name: string, ca?: Certificate, days = 397): Promise<Certificate> {
  const at = (ending: string): string => join(folder, `${name}.${ending}`);
  const key = [...`-newkey rsa:2048 -nodes -subj /O=Clinic/CN=${name} -keyout`.split(' '), at('key')];
  const alternative = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  if (ca === undefined) {
    await openssl('req', '-x509', ...key, '-days', String(days), '-addext', alternative, '-out', at('pem'));
  } else {
    await writeFile(at('ext'), `${alternative}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    await openssl('req', ...key, '-out', at('csr'));
    const signing = ['-CA', ca.certificateFile, '-CAkey', ca.keyFile, '-CAcreateserial', '-days', String(days)];
    await openssl('x509', '-req', '-in', at('csr'), ...signing, '-extfile', at('ext'), '-out', at('pem'));
  }
  return { certificateFile: at('pem'), keyFile: at('key') };
}

/** As an allow-list has it. */
export async function fingerprintOf({ certificateFile }: Certificate): Promise<string> {
  const line = await openssl('x509', '-in', certificateFile, '-noout', '-fingerprint', '-sha256');
  return `sha256:${line.trim().split('=')[1]}`;
}
