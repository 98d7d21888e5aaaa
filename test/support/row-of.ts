import { type EventColumns, FLAG, ITEM_TEXT, TEXT } from '../../src/pipeline/events/columns.ts';

/** All that columns say of a row. */
export function rowOf(columns: EventColumns, row: number) {
  const text = (field: keyof typeof TEXT) => columns.text(row, TEXT[field]);
  const key = columns.keyField(row);
  return {
    type: columns.type(row),
    time: columns.time(row),
    texts: Object.keys(TEXT).map((field) => text(field as keyof typeof TEXT)),
    source: text('source') ?? 'unknown',
    key: columns.text(row, key),
    flags: Object.values(FLAG).map((flag) => columns.is(row, flag)),
    properties: columns.properties.map((_, i) => columns.property(row, i)),
    orderFacts: columns.orderFacts(row),
    line: [columns.lineStart(row), columns.lineEnd(row)],
    items: Array.from({ length: columns.items(row) }, (_, i) => {
      const item = columns.firstItem(row) + i;
      return [
        ...Object.values(ITEM_TEXT).map((field) => columns.itemText(item, field)),
        columns.price(item),
        columns.total(item),
        columns.quantity(item),
      ];
    }),
  };
}
