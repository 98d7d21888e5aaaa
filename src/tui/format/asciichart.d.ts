declare module 'asciichart' {
  interface PlotConfig {
    readonly min?: number;
    readonly max?: number;
    /** Number of steps of the axis: the plot has one row more. */
    readonly height?: number;
    /** Column of the axis + 1. */
    readonly offset?: number;
    /** Gets the value of a row and the row's number from the top. */
    readonly format?: (value: number, fromTop: number) => string;
  }
  const asciichart: { plot(series: readonly number[], config?: PlotConfig): string };
  export default asciichart;
}
