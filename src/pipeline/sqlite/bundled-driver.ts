/** The driver's own code where the bundler has put it beside ours, which spares the start a dozen files; it depends on its version. */
export const bundled: { readonly version: string; readonly Driver: unknown } | undefined = undefined;
