import type { DeliveryState } from './series.ts';
import type { Tables } from './tables.ts';

/** What a queue still has to do, as the disk knows it: also what waits for Redis, or for room in its queue. */
export interface DueWork {
  /** `contour`, `compare` or `deliver-DESTINATION`. */
  readonly queue: string;
  readonly depth: number;
  /** ISO time since when the oldest of it waits. */
  readonly oldestAt: string;
}

/** Orders and comparisons count from their making, deliveries from the result, or from when an operator had it sent again. */
export function dueWork(tables: Tables): DueWork[] {
  return tables.all<{ queue: string; depth: number; oldestAt: string }>(
    `SELECT 'contour' AS queue, count(*) AS depth, min(created_at) AS oldestAt FROM orders
       WHERE state IN ('queued', 'contouring') HAVING count(*) > 0
     UNION ALL
     SELECT 'compare', count(*), min(created_at) FROM comparisons
       WHERE state IN ('queued', 'comparing') HAVING count(*) > 0
     UNION ALL
     SELECT 'deliver-' || destination, count(*), min(due_at) FROM (
       SELECT d.destination, coalesce((SELECT max(json_extract(event, '$.at')) FROM events AS e
           WHERE e.series = d.series AND json_extract(event, '$.order') = d.order_key
             AND (json_extract(event, '$.kind') = 'result'
               OR (json_extract(event, '$.kind') = 'resend' AND json_extract(event, '$.destination') = d.destination))),
         o.created_at) AS due_at
       FROM deliveries AS d JOIN orders AS o USING (series, order_key) WHERE d.state IN ('waiting', 'delivering'))
     GROUP BY destination`,
  );
}

export function countDeliveries(tables: Tables): { destination: string; state: DeliveryState; deliveries: number }[] {
  return tables.all('SELECT destination, state, count(*) AS deliveries FROM deliveries GROUP BY destination, state');
}

/**
 * When the last image of a series came, where the way of its images was straight: no operator had it contoured or sent
 * again, which would make any time from there to a delivery meaningless.
 */
export function lastImageOfStraightWay(tables: Tables, series: string): string | undefined {
  const row = tables.get<{ at: string | null }>(
    `SELECT max(received_at) AS at FROM instances WHERE series = ?1
       AND NOT EXISTS (SELECT 1 FROM events WHERE series = ?1 AND json_extract(event, '$.kind') IN ('resend', 'retry', 'released'))`,
    series,
  );
  return row?.at ?? undefined;
}
