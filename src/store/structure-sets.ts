import type { PatientIdentity } from '../dicom/ct-header.ts';
import type { Tables } from './tables.ts';

/** Series with an image in this frame of reference. */
export function seriesInFrame(tables: Tables, frameOfReferenceUid: string): string[] {
  return tables
    .all<{ series: string }>(
      "SELECT DISTINCT series FROM instances WHERE image ->> 'frameOfReferenceUid' = ? ORDER BY series",
      frameOfReferenceUid,
    )
    .map(({ series }) => series);
}

/** z (mm) of the newest version of every image, ascending. */
export function slicePositions(tables: Tables, series: string): number[] {
  return tables
    .all<{ z: number | null }>(
      `SELECT image ->> '$.imagePosition[2]' AS z FROM instances AS i WHERE series = ?
         AND version = (SELECT max(version) FROM instances WHERE series = i.series AND instance = i.instance)`,
      series,
    )
    .flatMap(({ z }) => (typeof z === 'number' ? [z] : []))
    .toSorted((a, b) => a - b);
}

/** Patient ID of the series, as PatientIdentity has it; undefined for a series without images. */
export function patientIdOf(tables: Tables, series: string): PatientIdentity['patientId'] | undefined {
  return tables.get<{ id: string }>(
    "SELECT image ->> '$.identity.patientId' AS id FROM instances WHERE series = ? LIMIT 1",
    series,
  )?.id;
}

/** Of every bundle (name and version) the newest order that came to an end: what somebody may have corrected. */
export function drawnOrders(tables: Tables, series: string): string[] {
  const newest = new Map<string, string>();
  for (const { order_key: order, bundle } of tables.all<{ order_key: string; bundle: string }>(
    `SELECT order_key, bundle_name || ' ' || bundle_version AS bundle FROM orders
     WHERE series = ? AND state IN ('contoured', 'nothing found') ORDER BY revision, created_at, order_key`,
    series,
  ))
    newest.set(bundle, order);
  return [...newest.values()];
}

/** Whether this very structure set, content included, is there already. */
export function hasStructureSet(tables: Tables, series: string, structureSet: string): boolean {
  return (
    tables.get('SELECT 1 FROM structure_sets WHERE series = ? AND structure_set = ?', series, structureSet) !==
    undefined
  );
}
