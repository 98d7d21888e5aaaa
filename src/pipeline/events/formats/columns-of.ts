/** Reads columns that may not be there: the empty text stands for what one does not say. */
export function optionalColumns<Name extends string>(
  names: readonly Name[],
  index: (column: string) => number,
): (fields: readonly string[], name: Name) => string {
  const places = new Map(names.map((name) => [name, index(name)]));
  return (fields, name) => fields[places.get(name)!] ?? '';
}
