declare const ECOM_BUILD: string | undefined;

/** Name of the file of the commands that read, which is that of its contents; that of the sources is `source`. */
export const BUILD = typeof ECOM_BUILD === 'string' ? ECOM_BUILD : 'source';
