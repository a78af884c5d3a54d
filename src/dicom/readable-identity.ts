import { decodeText } from './character-set.ts';
import type { PatientIdentity } from './ct-header.ts';

/** The patient as a person reads it. */
export interface ReadableIdentity {
  readonly name: string;
  readonly patientId: string;
  readonly birthDate: string;
  readonly sex: string;
}

export function readableIdentity(identity: PatientIdentity): ReadableIdentity {
  const sets = identity.characterSet.split('\\').map((one) => one.trim());
  const text = (hex: string): string => decodeText(Buffer.from(hex, 'hex'), sets);
  return {
    // PS3.5 6.2.1.1: components of a name are separated by ^, its writings by =.
    name: text(identity.name).replaceAll('=', ' = ').replaceAll(/\^+/g, ' ').trim(),
    patientId: text(identity.patientId),
    birthDate: text(identity.birthDate).replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3'),
    sex: text(identity.sex),
  };
}
