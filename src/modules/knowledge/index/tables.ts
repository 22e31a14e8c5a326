import type { System } from "../../../kernel/system.ts";
import type { SegmentTable } from "../search/table.ts";

const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Opened tables of segments, which never change, kept in this process's memory: numbers only, no words. The one
 * longest unused goes first.
 */
export interface TableCache {
  get(tenantId: string, segmentId: string): SegmentTable | undefined;
  put(tenantId: string, table: SegmentTable): void;
}

const caches = new WeakMap<System, TableCache>();

export function tablesOf(system: System): TableCache {
  const known = caches.get(system);
  if (known) return known;
  const made = openTableCache();
  caches.set(system, made);
  return made;
}

function openTableCache(): TableCache {
  const tables = new Map<string, SegmentTable>();
  let bytes = 0;
  const drop = (key: string) => {
    bytes -= tables.get(key)?.bytes ?? 0;
    tables.delete(key);
  };
  return {
    get(tenantId, segmentId) {
      const key = `${tenantId}/${segmentId}`;
      const table = tables.get(key);
      if (table) {
        tables.delete(key);
        tables.set(key, table);
      }
      return table;
    },
    put(tenantId, table) {
      const key = `${tenantId}/${table.segmentId}`;
      drop(key);
      tables.set(key, table);
      bytes += table.bytes;
      while (bytes > MOST_BYTES) drop(tables.keys().next().value as string);
    },
  };
}
