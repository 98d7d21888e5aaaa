/** What a back-up says of itself: the first file of its archive. */
export interface Manifest {
  readonly schema: 'ecom.backup/1';
  /** Of the ecom that wrote it. */
  readonly version: string;
  readonly createdAt: string;
  /** Size in bytes, digest in hexadecimal. */
  readonly files: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
  /** URLs of the stores that are on servers. */
  readonly notIncluded: readonly string[];
}

export const MANIFEST_FILE = 'ecom-backup.json';

/** A name in the data folder itself, which hides nothing and leads nowhere else. */
export function isPlainName(name: string): boolean {
  return /^[\w][\w .-]{0,127}$/.test(name);
}

/** @returns `undefined` where a text is no manifest of this schema */
export function parseManifest(text: string): Manifest | undefined {
  try {
    const manifest = JSON.parse(text) as Manifest;
    const sound =
      manifest.schema === 'ecom.backup/1' &&
      Array.isArray(manifest.notIncluded) &&
      manifest.notIncluded.every((url) => typeof url === 'string') &&
      manifest.files.every(
        ({ name, size, sha256 }) =>
          isPlainName(name) && Number.isSafeInteger(size) && /^[0-9a-f]{64}$/.test(sha256),
      );
    return sound ? manifest : undefined;
  } catch {
    return undefined;
  }
}
