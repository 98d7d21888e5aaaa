declare module 'snappyjs' {
  export function compress(bytes: Uint8Array): Uint8Array;
  /** @param maxLength throws where the unpacked bytes would be more */
  export function uncompress(bytes: Uint8Array, maxLength?: number): Uint8Array;
}
