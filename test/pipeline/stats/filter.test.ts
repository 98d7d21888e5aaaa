import { describe, expect, test } from 'vitest';
import { type ShopEvent } from '../../../src/pipeline/events/shop-event.ts';
import { createFilter, filterText, parseFilter } from '../../../src/pipeline/stats/filter.ts';

const event: ShopEvent = {
  id: 'e1',
  type: 'purchase',
  time: 1,
  items: [
    { productId: 'p1', category: 'books', quantity: 1 },
    { productId: 'p2', category: 'toys', brand: 'acme', quantity: 2 },
    { productId: 'p3', quantity: 3 },
  ],
  source: 'shop',
  properties: { country: 'DE', vip: true, visits: 7 },
};

const left = (...conditions: string[]): ShopEvent | undefined => createFilter(parseFilter(conditions))(event);
const products = (...conditions: string[]): string[] | undefined =>
  left(...conditions)?.items.map(({ productId }) => productId);

describe('filter', () => {
  test('a condition on items leaves the items that fit, and no event without one', () => {
    expect(products('category=books')).toEqual(['p1']);
    expect(products('category=books,toys')).toEqual(['p1', 'p2']);
    expect(products('category!=books')).toEqual(['p2', 'p3']);
    expect(products('category=toys', 'brand=acme')).toEqual(['p2']);
    expect(products('category=books', 'brand=acme')).toBeUndefined();
    expect(products('product=p3')).toEqual(['p3']);
    expect(event.items).toHaveLength(3);
  });

  test('a condition on the event takes it whole or not at all', () => {
    for (const fits of ['country=DE', 'country=AT,DE', 'vip=true', 'visits=7', 'type=purchase', 'user!=u1'])
      expect(left(fits)).toBe(event);
    for (const not of ['country=AT', 'country!=DE', 'colour=red', 'user=u1', 'source=other', 'constructor=x'])
      expect(left(not)).toBeUndefined();
  });

  test('reads conditions and refuses what is none', () => {
    expect(parseFilter([' country = DE , AT '])).toEqual([
      { field: 'country', negated: false, values: ['DE', 'AT'] },
    ]);
    expect(parseFilter(['a=b=c'])[0]!.values).toEqual(['b=c']);
    for (const wrong of ['country', '=DE', 'country=', 'country=DE,', 'a b=c'])
      expect(() => parseFilter([wrong])).toThrow(/is no condition/);
  });

  test('refuses a type that no event can have, and two signs for one', () => {
    for (const text of ['type=purchse', 'type=view_item,Purchase', 'type!=buy'])
      expect(() => parseFilter([text])).toThrow(/no type of event/);
    expect(parseFilter(['type=view_item,purchase'])).toHaveLength(1);
    expect(() => parseFilter(['country==DE'])).toThrow(/no condition/);
  });

  test('has one text for conditions in any order', () => {
    expect(filterText(parseFilter(['b=2,1', 'a!=x']))).toBe('a!=x and b=1,2');
  });
});

test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])(
  'no event has %s, as every object has: it is not told as known',
  (name) => {
    const seen: string[] = [];
    createFilter(parseFilter([`${name}=x`]), (found) => seen.push(found))(event);
    expect(seen).toEqual([]);
  },
);
