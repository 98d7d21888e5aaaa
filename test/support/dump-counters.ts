import { parseLayout } from '../../src/pipeline/live-store/layout.ts';
import { PageReader } from '../../src/pipeline/metrics/page-reader.ts';
import { placeOf, slotsOf } from '../../src/pipeline/metrics/stored-cells.ts';
import { type Blob, blobBytes, openConnection } from '../../src/pipeline/sqlite/driver.ts';

/** Counters as `level|dimension|start|key|column` and their values; those that are 0 are left out. */
export type CounterLines = ReadonlyMap<string, string>;

/** Every counter that the file of an embedded live store holds. @param path of the file */
export function dumpCounters(path: string): CounterLines {
  const connection = openConnection(path, { timeout: 1000 });
  const rows = <T>(sql: string): T[] => connection.prepare(sql).all() as T[];
  const [settings] = rows<{ json: string }>("SELECT json FROM settings WHERE name = 'layout'");
  const keys = new Map(
    rows<{ slot: number; id: number; key: string }>('SELECT slot, id, key FROM keys').map(
      ({ slot, id, key }) => [`${slot} ${id}`, key],
    ),
  );
  const pages = rows<{ id: number; data: Blob }>('SELECT id, data FROM cells');
  connection.close();
  const { names } = slotsOf(parseLayout(settings!.json));
  const lines = new Map<string, string>();
  const reader = new PageReader();
  for (const { id, data } of pages) {
    const { level, slot, start } = placeOf(id);
    reader.open(blobBytes(data));
    while (reader.nextColumn()) {
      const column = keys.get(`0 ${reader.column}`)!;
      for (let i = 0; i < reader.count; i += 1) {
        const key = slot === 0 ? '' : keys.get(`${slot} ${reader.keys[i]!}`)!;
        lines.set(`${level}|${names[slot]}|${start}|${key}|${column}`, String(reader.value(i)));
      }
    }
  }
  return lines;
}
