import { createRequire } from 'node:module';
import dimse from 'dcmjs-dimse';
import { implementationClassUid, implementationVersionName } from '../../dicom/part10.ts';

// The library logs every command on the console (UIDs included) and announces itself: settings of its module that have
// to be made once, before its first association.
dimse.log.disableAll();
// Its own copy of dcmjs prints what it cannot parse on the console, as often as a peer sends it.
interface Logger {
  disableAll(): void;
}
const { log } = createRequire(import.meta.resolve('dcmjs-dimse'))('dcmjs') as {
  log: Logger & { getLogger(name: string): Logger };
};
log.disableAll();
log.getLogger('validation.dcmjs').disableAll();
dimse.Implementation.setImplementationClassUid(implementationClassUid);
dimse.Implementation.setImplementationVersion(implementationVersionName);
// It announces the smaller of this and the peer's own limit; scp-protocol.ts puts the configured one in its place.
dimse.Implementation.setMaxPduLength(1024 * 1024);

export const { Dataset, Scp } = dimse;
export const { Association } = dimse.association;
export const { CEchoRequest, CFindRequest, CMoveRequest, CStoreRequest, NActionRequest, NEventReportRequest } =
  dimse.requests;
export const { CEchoResponse, CMoveResponse, CStoreResponse, NActionResponse, NEventReportResponse } = dimse.responses;
export const { PresentationContextResult } = dimse.constants;

export type Association = InstanceType<typeof Association>;
export type PresentationContext = InstanceType<typeof dimse.association.PresentationContext>;
export type Dataset = InstanceType<typeof Dataset>;
export type Request = InstanceType<typeof dimse.requests.Request>;
export type Response = InstanceType<typeof dimse.responses.Response>;
export type CEchoRequest = InstanceType<typeof CEchoRequest>;
export type CEchoResponse = InstanceType<typeof CEchoResponse>;
export type CStoreRequest = InstanceType<typeof CStoreRequest>;
export type CStoreResponse = InstanceType<typeof CStoreResponse>;
export type NActionRequest = InstanceType<typeof NActionRequest>;
export type NActionResponse = InstanceType<typeof NActionResponse>;
export type NEventReportRequest = InstanceType<typeof NEventReportRequest>;
export type NEventReportResponse = InstanceType<typeof NEventReportResponse>;

type NetworkOptions = ConstructorParameters<typeof dimse.Scp>[1];

/** The library's protocol machine for one connection; it exports it only as what `Scp` extends. */
export type Network = Omit<InstanceType<typeof dimse.Scp>, 'associationRequested'>;
export const Network = Object.getPrototypeOf(dimse.Scp) as new (
  socket: ConstructorParameters<typeof dimse.Scp>[0],
  options?: NetworkOptions,
) => Network;

/** To be called after each complete command: the library would prepend one without a data set to the next. */
export function forgetCommand(network: Network): void {
  (network as unknown as { dimseStream: undefined }).dimseStream = undefined;
}
