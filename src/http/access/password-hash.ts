import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

interface Cost {
  /** Logarithm of the CPU and memory cost. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** 32 MiB and three rounds: one of the equivalent settings of OWASP's Password Storage Cheat Sheet. */
const cost: Cost = { ln: 15, r: 8, p: 3 };
const saltBytes = 16;
const keyBytes = 32;
/** A hash in the configuration that asks for more would stop the node. */
const maximumBytes = 256 * 1024 * 1024;

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

/** @returns `$scrypt$ln=15,r=8,p=3$SALT$KEY`, base64 without padding (the PHC string format) */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const key = await scryptKey(password, salt, cost, keyBytes);
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${unpadded(salt)}$${unpadded(key)}`;
}

/** Takes the same time whether it matches or not. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const match = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(hash);
  if (match === null) return false;
  const [ln, r, p] = match.slice(1, 4).map(Number) as [number, number, number];
  const key = Buffer.from(match[5]!, 'base64');
  const found = await scryptKey(password, Buffer.from(match[4]!, 'base64'), { ln, r, p }, key.length);
  return timingSafeEqual(found, key);
}

// Unicode writes the same password in several ways; keyboards differ (RFC 8265 4.2.1).
function scryptKey(password: string, salt: Buffer, { ln, r, p }: Cost, bytes: number): Promise<Buffer> {
  return derive(password.normalize('NFC'), salt, bytes, { N: 2 ** ln, r, p, maxmem: maximumBytes });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
