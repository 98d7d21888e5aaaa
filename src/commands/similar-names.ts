/** Names, the most similar to a wanted one first. */
export function bySimilarity(names: readonly string[], wanted: string): string[] {
  return names
    .map((name) => ({ name, distance: distanceOf(name, wanted) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name);
}

/** The name that was probably meant; `undefined` where none is near. */
export function meantBy(names: readonly string[], wanted: string): string | undefined {
  const [nearest] = bySimilarity(names, wanted);
  if (nearest === undefined) return undefined;
  return distanceOf(nearest, wanted) <= Math.ceil(wanted.length / 3) ? nearest : undefined;
}

function distanceOf(a: string, b: string): number {
  return editDistance(a.toLowerCase(), b.toLowerCase());
}

/** Levenshtein's distance: how many letters must be added, removed or replaced. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[j]! + 1, row[j - 1]! + 1));
    }
  }
  return row[b.length]!;
}
