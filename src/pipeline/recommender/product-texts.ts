import { type ItemText } from '../../ml/training-data.ts';
import { type EventColumns, ITEM_TEXT } from '../events/columns.ts';
import { bytesOf, Names } from './names.ts';

const FIELDS = [ITEM_TEXT.name, ITEM_TEXT.category, ITEM_TEXT.brand];
/** Stands for a text that is absent. */
const NONE = -1;

/** What the events say of products, by their numbers: of each what was said last. */
export class ProductTexts {
  /** The texts themselves: many products share a brand. */
  private readonly texts = new Names();
  /** The numbers of a product's texts, as many as there are fields. */
  private words = new Int32Array(FIELDS.length * 64).fill(NONE);
  private weight = 0;

  /** What they take at most, were none shared. */
  get bytes(): number {
    return this.weight;
  }

  /** Notes what an item of an event says, where it says anything. */
  describe(product: number, columns: EventColumns, item: number): void {
    const first = product * FIELDS.length;
    this.makeRoom(first + FIELDS.length);
    let [isSame, says] = [true, false];
    for (let i = 0; i < FIELDS.length; i += 1) {
      const field = FIELDS[i]!;
      const word = this.words[first + i]!;
      if (!columns.itemHas(item, field)) {
        isSame &&= word === NONE;
        continue;
      }
      says = true;
      if (!isSame) continue;
      const place = columns.itemPlace(item, field);
      const [bytes, from] = [columns.bytesAt(place), columns.offsetOf(place)];
      isSame = word !== NONE && this.texts.is(word, bytes, from, columns.itemSize(item, field));
    }
    if (says && !isSame) this.replace(product, columns, item);
  }

  /** Forgets what is known of a product. */
  forget(product: number): void {
    const first = product * FIELDS.length;
    if (first >= this.words.length) return;
    this.weight -= this.bytesOfProduct(product);
    for (let i = first; i < first + FIELDS.length; i += 1) {
      if (this.words[i] !== NONE) this.texts.drop(this.words[i]!);
      this.words[i] = NONE;
    }
  }

  /** @returns `undefined` where nothing was said of it */
  of(product: number): ItemText | undefined {
    const [name, category, brand] = FIELDS.map((_, i) => {
      const word = this.words[product * FIELDS.length + i] ?? NONE;
      return word === NONE ? undefined : this.texts.textOf(word);
    });
    if (name === undefined && category === undefined && brand === undefined) return undefined;
    return { name, category, brand };
  }

  private replace(product: number, columns: EventColumns, item: number): void {
    this.forget(product);
    FIELDS.forEach((field, i) => {
      if (!columns.itemHas(item, field)) return;
      const place = columns.itemPlace(item, field);
      const word = this.texts.take(
        columns.bytesAt(place),
        columns.offsetOf(place),
        columns.itemSize(item, field),
      );
      this.words[product * FIELDS.length + i] = word;
    });
    this.weight += this.bytesOfProduct(product);
  }

  private bytesOfProduct(product: number): number {
    const first = product * FIELDS.length;
    let bytes = 0;
    let says = false;
    for (let i = first; i < first + FIELDS.length; i += 1) {
      const word = this.words[i]!;
      says ||= word !== NONE;
      bytes += bytesOf(word === NONE ? 0 : this.texts.lengthOf(word));
    }
    return says ? bytesOf(0) + bytes : 0;
  }

  private makeRoom(words: number): void {
    if (words <= this.words.length) return;
    const larger = new Int32Array(Math.max(words, 2 * this.words.length)).fill(NONE);
    larger.set(this.words);
    this.words = larger;
  }
}
