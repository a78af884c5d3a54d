import type { AuditEvent } from './audit-line.ts';

interface EventId {
  readonly code: string;
  readonly name: string;
  readonly type?: readonly [code: string, name: string];
  /** C create, R read, U update, D delete, E execute. */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
}

const authentication = { code: '110114', name: 'User Authentication', action: 'E' } as const;
const activity = { code: '110100', name: 'Application Activity', action: 'E' } as const;
const transferred = { code: '110104', name: 'DICOM Instances Transferred' } as const;

/** The events that PS3.15 A.5.3 defines (codes of PS3.16 CID 400 and 401). */
const eventIds: Readonly<Record<string, EventId>> = {
  start: { ...activity, type: ['110120', 'Application Start'] },
  stop: { ...activity, type: ['110121', 'Application Stop'] },
  login: { ...authentication, type: ['110122', 'Login'] },
  logout: { ...authentication, type: ['110123', 'Logout'] },
  'login failed': { ...authentication, type: ['110122', 'Login'] },
  'association ended': { ...transferred, action: 'C' },
  'deliver outcome': { ...transferred, action: 'R' },
  'identity shown': { code: '110103', name: 'DICOM Instances Accessed', action: 'R' },
  deleted: { code: '110103', name: 'DICOM Instances Accessed', action: 'D' },
  configuration: { code: '110113', name: 'Security Alert', type: ['110131', 'Software Configuration'], action: 'E' },
};

/** The audit message of an event (PS3.15 A.5.1), or undefined where the standard has none for it. */
export function auditMessage(event: AuditEvent, at: string, source: string): string | undefined {
  const id = eventIds[event.event];
  if (id === undefined) return undefined;
  const failed = event.event === 'login failed' || event['outcome'] === 'failed' || event['outcome'] === 'retry';
  const type = id.type === undefined ? '' : coded('EventTypeCode', id.type[0], id.type[1]);
  const user = String(event['user'] ?? event['callingAe'] ?? event['destination'] ?? source);
  const address = event['address'];
  const point =
    address === undefined ? '' : ` NetworkAccessPointID="${escapeXml(String(address))}" NetworkAccessPointTypeCode="2"`;
  const series = event['series'];
  const object =
    series === undefined
      ? ''
      : `<ParticipantObjectIdentification ParticipantObjectID="${escapeXml(String(series))}" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="3">${coded('ParticipantObjectIDTypeCode', '113877', 'DICOM Series Pseudonym')}</ParticipantObjectIdentification>`;
  return `<?xml version="1.0" encoding="UTF-8"?><AuditMessage><EventIdentification EventActionCode="${id.action}" EventDateTime="${at}" EventOutcomeIndicator="${failed ? 4 : 0}">${coded('EventID', id.code, id.name)}${type}</EventIdentification><ActiveParticipant UserID="${escapeXml(user)}" UserIsRequestor="true"${point}/><AuditSourceIdentification AuditSourceID="${escapeXml(source)}"/>${object}</AuditMessage>`;
}

function coded(element: string, code: string, name: string): string {
  return `<${element} csd-code="${code}" codeSystemName="DCM" originalText="${name}"/>`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
