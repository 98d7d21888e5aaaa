/**
 * Numbers for texts, from 0 on in the order of appearance. They hold for as long as the object is used: who forgets numbers makes
 * a new one, so that whoever has noted something by number notices.
 */
export class KeyNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  get size(): number {
    return this.#texts.length;
  }
  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#texts.length;
      this.#numbers.set(text, number);
      this.#texts.push(text);
    }
    return number;
  }
  textOf(number: number): string {
    return this.#texts[number]!;
  }
}
