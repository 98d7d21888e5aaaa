/** How much a text is made of: many short ones and one long one have the same number of characters. */
const SHORT = 4096;
const TIMES = 16;
/** A scanner that reads all that follows at every place takes sixteen times as long for the long text. */
const LINEAR = 5;
const ROUNDS = 20;
/** A difference of so many ms is no noise where it is there in so many rounds: a busy machine may stop one for longer. */
const CLEAR_MS = 300;
const CLEAR_ROUNDS = 3;

/**
 * How many times as much the same number of characters costs in one text as in sixteen: the least of several rounds, so that
 * only what is always so counts. 1 where the cost grows with the length, 16 where it grows with its square.
 */
export function growth(textOf: (length: number) => string, scan: (text: string) => void): number {
  const [short, long] = [textOf(SHORT), textOf(SHORT * TIMES)];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    for (let i = 0; i < TIMES; i += 1) scan(short);
    const middle = performance.now();
    scan(long);
    const end = performance.now();
    least = Math.min(least, middle - start);
    most = Math.min(most, end - middle);
    const isClear = round + 1 >= CLEAR_ROUNDS && most > CLEAR_MS + LINEAR * least;
    if (most / least < LINEAR || isClear) break;
  }
  return most / least;
}

export { LINEAR };
