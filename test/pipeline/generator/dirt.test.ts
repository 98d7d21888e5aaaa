import { describe, expect, test } from 'vitest';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { type ShopEvent } from '../../../src/pipeline/events/shop-event.ts';
import { createGenerator } from '../../../src/pipeline/generator/generator.ts';
import { DEFAULTS } from './shop.ts';

/** What a processor would make of a generator's output. */
function account(count: number, dirty: number) {
  const generator = createGenerator({ ...DEFAULTS, dirty });
  const lines = new Map<string, string>();
  const orders = new Set<string>();
  const reasons = new Map<string, number>();
  const found = { accepted: 0, rejected: 0, duplicates: 0, duplicateOrders: 0, late: 0, lineFeeds: 0 };
  const delays: number[] = [];
  for (let offset = 0; offset < count; offset += 1) {
    const { value, time } = generator.next();
    if (value.includes('\n')) found.lineFeeds += 1;
    const decoded = decodeRecord(value, { partition: 0, offset, appendedAt: time });
    if (isRejected(decoded)) {
      found.rejected += 1;
      reasons.set(decoded.reason, (reasons.get(decoded.reason) ?? 0) + 1);
      continue;
    }
    const event: ShopEvent = decoded;
    if (lines.has(event.id)) {
      if (lines.get(event.id) === value) found.duplicates += 1;
      continue;
    }
    lines.set(event.id, value);
    found.accepted += 1;
    if (time > event.time) {
      found.late += 1;
      delays.push(time - event.time);
    }
    if (event.type !== 'purchase') continue;
    if (orders.has(event.orderId!)) found.duplicateOrders += 1;
    orders.add(event.orderId!);
  }
  return { tally: generator.tally, found, reasons, delays };
}

describe('dirty events', () => {
  test.each([0, 0.02, 0.3, 1])('with a share of %d everything is accounted for', (dirty) => {
    const { tally, found } = account(30_000, dirty);
    expect(tally.written).toBe(30_000);
    expect(found.rejected).toBe(tally.malformed + tally.invalid);
    expect(found.duplicates).toBe(tally.duplicates);
    expect(found.duplicateOrders).toBe(tally.duplicateOrders);
    expect(found.lineFeeds).toBe(0);
    expect(found.late).toBe(tally.late);
    expect(found.accepted + found.duplicates + found.rejected).toBe(tally.written);
    const share = (tally.malformed + tally.invalid + tally.late + tally.duplicates) / tally.written;
    expect(share).toBeGreaterThanOrEqual(dirty * 0.65); // an event can be both late and malformed
    expect(share).toBeLessThanOrEqual(dirty * 1.1);
    if (dirty === 0) return;
    for (const count of Object.values(tally)) expect(count).toBeGreaterThan(0);
  });

  test('they are wrong in many ways, and late by minutes to hours', () => {
    const { reasons, delays } = account(30_000, 0.3);
    expect(reasons.size).toBeGreaterThanOrEqual(8);
    for (const reason of ['not JSON', 'type is missing', 'bad time', 'negative price'])
      expect(reasons.has(reason)).toBe(true);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(5 * 60_000);
    expect(Math.max(...delays)).toBeGreaterThan(2 * 3_600_000);
    expect(Math.max(...delays)).toBeLessThan(6 * 3_600_000);
  });
});
