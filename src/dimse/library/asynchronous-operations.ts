/** Item type of the user information, PS3.8 section 9.3.3.3. */
const userInformation = 0x50;
/** Type, reserved, length 4; operations invoked 1, performed 1 (PS3.7 table D.3-8). */
const oneAtATime = Buffer.from([0x53, 0, 0, 4, 0, 1, 0, 1]);
/** PDU header, then protocol version, titles and reserved bytes (PS3.8 table 9-17). */
const itemsOffset = 74;

/**
 * An A-ASSOCIATE-AC that answers a proposed asynchronous operations window: one operation at a time. Without an answer
 * the same holds (PS3.7 D.3.3.3), but not every requestor follows that; dcmjs-dimse never writes the answer.
 *
 * @param accept the PDU with its header
 */
export function withoutAsynchronousOperations(accept: Buffer): Buffer {
  let at = itemsOffset;
  while (accept.readUInt8(at) !== userInformation) at += 4 + accept.readUInt16BE(at + 2);
  const answer = Buffer.concat([accept, oneAtATime]);
  answer.writeUInt32BE(answer.length - 6, 2);
  answer.writeUInt16BE(answer.length - at - 4, at + 2);
  return answer;
}
