import { ContourNodeError } from '../../errors.ts';
import type { PeerAddress } from './peer-connection.ts';

const form =
  /^(?<aeTitle>[\x20-\x5b\x5d-\x7e]{1,16})@(?:\[(?<v6>[0-9a-fA-F:.%]+)\]|(?<host>[^@:[\]\s]+)):(?<port>\d{1,5})$/;

/**
 * `AE@host:port`, an IPv6 address in brackets.
 *
 * @throws ContourNodeError USAGE
 */
export function parsePeerAddress(text: string): PeerAddress {
  const { aeTitle, v6, host, port } = form.exec(text)?.groups ?? {};
  const address = v6 ?? host;
  if (
    aeTitle === undefined ||
    aeTitle.trim() === '' ||
    address === undefined ||
    Number(port) < 1 ||
    Number(port) > 65535
  ) {
    throw new ContourNodeError('USAGE', `'${text}' is not AE@host:port`, {
      remedy: 'for example CONTOUR@127.0.0.1:11112',
    });
  }
  return { aeTitle: aeTitle.trim(), host: address, port: Number(port) };
}

/** @throws ContourNodeError USAGE when it is no AE title (PS3.5 table 6.2-1) */
export function parseAeTitle(text: string): string {
  const aeTitle = text.trim();
  if (!/^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(aeTitle)) {
    throw new ContourNodeError('USAGE', `'${text}' is not an AE title`, {
      remedy: '1 to 16 ASCII characters without backslash',
    });
  }
  return aeTitle;
}
