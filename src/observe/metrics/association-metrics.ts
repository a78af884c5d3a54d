import { Counter, Gauge, type Registry } from 'prom-client';
import type { AssociationEnd, AssociationInfo } from '../../dimse/association-info.ts';
import type { ScpObserver } from '../../dimse/scp/scp-observer.ts';
import { formatStatus } from '../../dimse/status.ts';

/** Associations and instances. Labels are names of configured peers and the standard's words, nothing that a sender chooses. */
export class AssociationMetrics implements ScpObserver {
  readonly #open: Gauge;
  readonly #ended: Counter;
  readonly #rejected: Counter;
  readonly #instances: Counter;
  readonly #bytes: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#open = new Gauge({ name: 'contour_node_associations', help: 'Open associations', registers });
    this.#ended = new Counter({
      name: 'contour_node_associations_total',
      help: 'Associations that ended, by peer and how they ended',
      labelNames: ['peer', 'how'],
      registers,
    });
    this.#rejected = new Counter({
      name: 'contour_node_association_rejects_total',
      help: 'Connections closed and associations rejected, by reason',
      labelNames: ['reason'],
      registers,
    });
    this.#instances = new Counter({
      name: 'contour_node_instances_total',
      help: 'C-STORE requests by peer and status of their response',
      labelNames: ['peer', 'status'],
      registers,
    });
    this.#bytes = new Counter({
      name: 'contour_node_received_bytes_total',
      help: 'Bytes of instances that were received whole, by peer',
      labelNames: ['peer'],
      registers,
    });
  }

  started(): void {
    this.#open.inc();
  }

  ended(association: AssociationInfo, how: AssociationEnd): void {
    this.#open.dec();
    this.#ended.inc({ peer: peerOf(association), how });
  }

  /** @param reason one of a fixed set of sentences */
  rejected(reason: string): void {
    this.#rejected.inc({ reason });
  }

  contextRefused(): void {}

  answered(association: AssociationInfo, status: number, bytes: number): void {
    const peer = peerOf(association);
    this.#instances.inc({ peer, status: formatStatus(status) });
    if (bytes > 0) this.#bytes.inc({ peer }, bytes);
  }
}

function peerOf({ peer }: AssociationInfo): string {
  return peer?.name ?? 'not configured';
}
