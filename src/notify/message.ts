import type { Notice } from './notice.ts';

/** A notice as it leaves the node. */
export interface Message {
  /** The same whenever the notice is sent again, so that a receiver recognises a repetition. */
  readonly id: string;
  readonly kind: Notice['kind'];
  readonly at: string;
  /** AE title of the node. */
  readonly node: string;
  /** Key of the series: a pseudonym. */
  readonly series: string;
  readonly text: string;
  /** Code of src/errors.ts and what to do, where there is one. */
  readonly code?: string;
  readonly remedy?: string;
  readonly url?: string;
  /** Only where the channel is configured with includePatient. */
  readonly patient?: { readonly name: string; readonly id: string };
}

/** The same as text for people: subject and body. */
export function plainText(message: Message): { subject: string; body: string } {
  const { node, series, text, code, remedy, url, patient, at } = message;
  const lines = [
    `${node}: ${text}`,
    '',
    `series   ${series}`,
    ...(patient === undefined ? [] : [`patient  ${patient.name} (${patient.id})`]),
    `time     ${at}`,
    ...(code === undefined ? [] : [`code     ${code}`]),
    ...(remedy === undefined ? [] : [`to do    ${remedy}`]),
    ...(url === undefined ? [] : ['', url]),
  ];
  return { subject: `${node}: ${text}`.slice(0, 200), body: `${lines.join('\n')}\n` };
}
