/** PDU types, PS3.8 section 9.3. */
export const pduType = {
  associateRequest: 0x01,
  associateAccept: 0x02,
  associateReject: 0x03,
  data: 0x04,
  releaseRequest: 0x05,
  releaseResponse: 0x06,
  abort: 0x07,
} as const;

/** Reasons of an A-ABORT by the service provider, PS3.8 table 9-26. */
export const abortReason = { notSpecified: 0, unrecognizedPdu: 1, unexpectedPdu: 2, invalidParameter: 6 } as const;

/** The peer sent what may not come now; `reason` goes into the A-ABORT. */
export class PduViolation extends Error {
  readonly reason: number;

  constructor(reason: number, message: string) {
    // The stack is not shown, and an attacker would make the node collect ten thousand of them.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
  }
}

const headerLength = 6;
/** Length, presentation context ID and message control header of a presentation data value. */
const valueHeaderLength = 6;
/** 128 presentation contexts with twenty transfer syntaxes each and a user identity fit; no known peer sends a longer one. */
const maximumAssociatePdu = 256 * 1024;
/** Some senders count the maximum length without the PDV's own header. */
const tolerance = 16;

/** The longest a PDU of this type may be (without its header); undefined for a type that does not exist. */
function maximumLength(type: number, maximumDataPdu: number): number | undefined {
  switch (type) {
    case pduType.associateRequest:
    case pduType.associateAccept:
      return maximumAssociatePdu;
    case pduType.data:
      return maximumDataPdu + tolerance;
    case pduType.associateReject:
    case pduType.releaseRequest:
    case pduType.releaseResponse:
    case pduType.abort:
      return 4;
    default:
      return undefined;
  }
}

/** A part of a presentation data value (PS3.8 9.3.5.1): all of a command fragment, or what has come of a data fragment. */
export interface DataPart {
  readonly contextId: number;
  readonly command: boolean;
  /** The last part of the last fragment: command or data set is complete. */
  readonly last: boolean;
  readonly bytes: Buffer;
}

/** A whole PDU with its header, or a part of a P-DATA-TF PDU. */
export type Incoming =
  { readonly pdu: Buffer; readonly part?: undefined } | { readonly part: DataPart; readonly pdu?: undefined };

/**
 * Cuts the stream of a connection into PDUs. Type and length of a header are checked before anything after it is kept;
 * data sets are passed on piece by piece. So a connection never holds more than one association or command PDU and the
 * last chunk from the socket.
 */
export class PduReader {
  readonly #maximumDataPdu: number;
  #chunks: Buffer[] = [];
  #available = 0;
  /** Bytes of the current P-DATA-TF PDU that have not been consumed. */
  #inPdu = 0;
  /** The presentation data value that is being consumed. */
  #value: { contextId: number; command: boolean; last: boolean; missing: number } | undefined;

  /** @param maximumDataPdu bytes: the maximum length announced at association (PS3.8 D.1) */
  constructor(maximumDataPdu: number) {
    this.#maximumDataPdu = maximumDataPdu;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#available += chunk.length;
  }

  /**
   * What comes next, or undefined until more has arrived.
   *
   * @throws PduViolation for an unknown PDU type or a wrong length
   */
  next(): Incoming | undefined {
    if (this.#value !== undefined) return this.#nextPart(this.#value);
    if (this.#inPdu > 0) return this.#nextValue();
    const header = this.#peek(headerLength);
    const type = this.#peek(1)?.readUInt8(0);
    if (type === undefined) return undefined;
    const maximum = maximumLength(type, this.#maximumDataPdu);
    if (maximum === undefined)
      throw new PduViolation(abortReason.unrecognizedPdu, `unknown PDU type 0x${type.toString(16)}`);
    const length = header?.readUInt32BE(2);
    if (length === undefined) return undefined;
    if (length > maximum) {
      throw new PduViolation(abortReason.invalidParameter, `PDU of ${length} bytes, at most ${maximum} are accepted`);
    }
    if (type === pduType.data) {
      this.#take(headerLength);
      this.#inPdu = length;
      return this.next();
    }
    return this.#available < headerLength + length ? undefined : { pdu: this.#take(headerLength + length) };
  }

  #nextValue(): Incoming | undefined {
    const header = this.#peek(valueHeaderLength);
    if (header === undefined) {
      if (this.#inPdu < valueHeaderLength) throw wrongValueLength();
      return undefined;
    }
    // The item's length counts context ID and message control header.
    const length = header.readUInt32BE(0);
    if (length < 2 || length + 4 > this.#inPdu) throw wrongValueLength();
    const control = header.readUInt8(5);
    this.#value = {
      contextId: header.readUInt8(4),
      command: (control & 1) !== 0,
      last: (control & 2) !== 0,
      missing: length - 2,
    };
    this.#take(valueHeaderLength);
    this.#inPdu -= valueHeaderLength;
    return this.next();
  }

  #nextPart(value: { contextId: number; command: boolean; last: boolean; missing: number }): Incoming | undefined {
    if (this.#available < (value.command ? value.missing : Math.min(1, value.missing))) return undefined;
    // A data fragment is passed on in the pieces in which it came: nothing of it is copied.
    const bytes = this.#take(value.command ? value.missing : Math.min(value.missing, this.#chunks[0]?.length ?? 0));
    this.#inPdu -= bytes.length;
    value.missing -= bytes.length;
    const complete = value.missing === 0;
    if (complete) this.#value = undefined;
    return { part: { contextId: value.contextId, command: value.command, last: value.last && complete, bytes } };
  }

  /** The first bytes without consuming them, or undefined until there are so many. */
  #peek(count: number): Buffer | undefined {
    if (this.#available < count) return undefined;
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= count) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #take(count: number): Buffer {
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const part = chunk.subarray(0, missing);
      parts.push(part);
      missing -= part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#available -= count;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, count);
  }
}

function wrongValueLength(): PduViolation {
  return new PduViolation(abortReason.invalidParameter, 'presentation data value with a wrong length');
}

/** A P-DATA-TF PDU with this part alone. */
export function dataPdu(part: DataPart): Buffer {
  const header = Buffer.alloc(headerLength + valueHeaderLength);
  header.writeUInt8(pduType.data, 0);
  header.writeUInt32BE(part.bytes.length + valueHeaderLength, 2);
  header.writeUInt32BE(part.bytes.length + 2, 6);
  header.writeUInt8(part.contextId, 10);
  header.writeUInt8((part.command ? 1 : 0) + (part.last ? 2 : 0), 11);
  return part.bytes.length === 0 ? header : Buffer.concat([header, part.bytes]);
}

/** An A-ABORT PDU; source 2 is the service provider, 0 the service user (PS3.8 section 9.3.8). */
export function abortPdu(source: 0 | 2, reason: number): Buffer {
  return Buffer.from([pduType.abort, 0, 0, 0, 0, 4, 0, 0, source, reason]);
}

/** An A-ASSOCIATE-RJ PDU (PS3.8 section 9.3.4). */
export function rejectPdu(rejection: { result: number; source: number; reason: number }): Buffer {
  return Buffer.from([pduType.associateReject, 0, 0, 0, 0, 4, 0, rejection.result, rejection.source, rejection.reason]);
}
