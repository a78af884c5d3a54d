import ipaddr from 'ipaddr.js';

/** Whether a host name or address means this machine only. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost' || bare.endsWith('.localhost')) return true;
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'loopback';
}

/** Whether a configured text is an address or a CIDR range. */
export function isAddressOrRange(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
}

/** Whether an address is a configured one, or lies in a configured CIDR range; an IPv4 address mapped into IPv6 is IPv4. */
export function addressLiesIn(address: string, range: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const caller = ipaddr.process(address);
  if (!ipaddr.isValidCIDR(range))
    return ipaddr.isValid(range) && ipaddr.process(range).toString() === caller.toString();
  const [network, bits] = ipaddr.parseCIDR(range);
  return network.kind() === caller.kind() && caller.match(network, bits);
}
