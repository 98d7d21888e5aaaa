import { asBuffer } from '../events/bytes.ts';
import { type CounterSums, createSums } from './counter-sums.ts';

/** Most questions whose sums are kept, and most bytes of the pages of each. */
const MOST = 4;
const MOST_BYTES = 16 * 2 ** 20;

interface Kept {
  readonly slot: number;
  /** What the sums are made of, by id. */
  readonly pages: Map<number, Uint8Array>;
  readonly sums: CounterSums;
  /** Whether the question in hand needs the sums as they are. */
  used: boolean;
}

/**
 * Sums of pages that somebody asks for again and again: most are what they were, because hours that are over rarely change. To compare the
 * bytes of a page costs a small part of what it costs to add it up, and needs no version of it; pages that differ are taken away
 * as they were, and added as they are.
 */
export class KeptSums {
  /** Those that were asked for longest ago first. */
  private kept: Kept[] = [];
  /** Slots that were asked for: who asks once is told quicker without. */
  private readonly asked = new Set<number>();

  /** Begins with a question: what was told before is not needed any more. */
  begin(): void {
    for (const one of this.kept) one.used = false;
  }

  /** @returns sums that stay as they are until the next question; undefined where they are not kept */
  sumsOf(
    slot: number,
    pages: readonly { readonly id: number; readonly page: Uint8Array }[],
  ): CounterSums | undefined {
    if (!this.asked.has(slot)) {
      this.asked.add(slot);
      return undefined;
    }
    // A page that counts twice in the question is none of the kind that is kept.
    if (new Set(pages.map(({ id }) => id)).size < pages.length) return undefined;
    const bytes = pages.reduce((sum, { page }) => sum + page.length, 0);
    if (bytes > MOST_BYTES) return undefined;
    const known = this.find(slot, pages) ?? { slot, pages: new Map(), sums: createSums(), used: true };
    known.used = true;
    this.kept = [...this.kept.filter((one) => one !== known).slice(1 - MOST), known];
    try {
      update(known, pages);
    } catch (error) {
      // A part of a damaged page is in the sums.
      this.kept.pop();
      throw error;
    }
    return known.sums;
  }

  /** The one that has most of the pages, and half of them at least. */
  private find(slot: number, pages: readonly { readonly id: number }[]): Kept | undefined {
    let best: Kept | undefined;
    let most = pages.length / 2;
    for (const one of this.kept) {
      if (one.slot !== slot || one.used) continue;
      const common = pages.reduce((sum, { id }) => sum + (one.pages.has(id) ? 1 : 0), 0);
      if (common < most || one.pages.size > 2 * common) continue;
      best = one;
      most = common;
    }
    return best;
  }
}

function update(
  { pages: known, sums }: Kept,
  pages: readonly { readonly id: number; readonly page: Uint8Array }[],
): void {
  const gone = new Set(known.keys());
  for (const { id, page } of pages) {
    gone.delete(id);
    const before = known.get(id);
    if (before !== undefined && asBuffer(before).equals(page)) continue;
    if (before !== undefined) sums.add(before, -1);
    sums.add(page);
    known.set(id, page);
  }
  for (const id of gone) {
    sums.add(known.get(id)!, -1);
    known.delete(id);
  }
}
