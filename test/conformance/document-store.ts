import { describe, expect, test } from 'vitest';
import { type DeadLetter, type StoredEvent } from '../../src/pipeline/document-store/document-store.ts';
import { decodeRecord, isRejected } from '../../src/pipeline/events/decode.ts';
import { recordsOf } from '../support/document-batch.ts';
import { type Stores } from '../support/stores.ts';

function letter(offset: number, reason: string, time: number): DeadLetter {
  const bytes = new Uint8Array([0x7b, 0xff, 0x00, offset]);
  return { partition: 0, offset, time, reason, detail: `detail ${offset}`, source: 'test', bytes };
}

/** What every document store must do. Events are appended to the log too, as they always are. */
export function describeDocumentStore(
  name: string,
  open: (name: string, env?: Record<string, string>) => Promise<Stores>,
): void {
  describe(`document store: ${name}`, () => {
    async function withEvents(
      folder: string,
      count: number,
    ): Promise<{ stores: Stores; events: StoredEvent[] }> {
      const stores = await open(folder);
      const lines = Array.from({ length: count }, (_, i) =>
        JSON.stringify({
          id: `e${i}`,
          type: 'view_item',
          time: 1_700_000_000_000 + i,
          userId: 'u',
          items: [],
          source: 'test',
        }),
      );
      await stores.log.append(lines.map((value) => ({ key: 'u', value })));
      const partition = 0;
      const events = lines.map((line, offset): StoredEvent => {
        const event = decodeRecord(line, { partition, offset, appendedAt: Date.now() });
        if (isRejected(event)) throw new Error(event.reason);
        return { offset, event };
      });
      return { stores, events };
    }

    test('appends a batch once, however often it comes', async () => {
      const { stores, events } = await withEvents('append', 10);
      const { documents } = stores;
      const kept = events.filter(({ offset }) => offset !== 3 && offset !== 5);
      const batch = {
        partition: 0,
        from: 0,
        to: 8,
        time: Date.now(),
        ...recordsOf(kept.slice(0, 6)),
        duplicates: [{ offset: 3 }],
        deadLetters: [letter(5, 'bad', 1)],
      };
      await documents.append([batch]);
      await documents.append([batch]);
      const read = await documents.readEvents(0, 0, 100);
      // In the embedded store the log is what is read: offset 5 is a valid line there, which no processor would reject.
      const expected = events.slice(0, 8).filter(({ offset }) => offset !== 3 && offset !== 5);
      expect(read.events.filter(({ offset }) => offset !== 5)).toEqual(expected);
      expect(read.next).toBe(8);
      expect(await documents.deadLetters({ limit: 10 })).toHaveLength(1);
      await stores.close();
    });

    test('holds to what a record was taken for last', async () => {
      const { stores, events } = await withEvents('again', 8);
      const { documents } = stores;
      const count = (taken: {
        duplicates?: number[];
        letters?: DeadLetter[];
        from?: number;
        to?: number;
      }) => {
        const { from = 0, to = 8, letters = [], duplicates = [] } = taken;
        const others = new Set([...duplicates, ...letters.map(({ offset }) => offset)]);
        return documents.append([
          {
            ...{ partition: 0, from, to, time: Date.now(), deadLetters: letters },
            ...recordsOf(events.filter(({ offset }) => offset >= from && offset < to && !others.has(offset))),
            duplicates: duplicates.map((offset) => ({ offset })),
          },
        ]);
      };
      const offsets = async () => (await documents.readEvents(0, 0, 100)).events.map(({ offset }) => offset);
      const places = async () =>
        (await documents.deadLettersAfter(undefined, 100)).map(({ offset, reason }) => `${offset} ${reason}`);
      const ahead = (offset: number) => letter(offset, 'clock ahead', 1);
      const refused = (offset: number) => letter(offset, 'cannot be counted', 1);

      await count({});
      expect(await offsets()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      await count({ letters: [ahead(1), refused(3)], duplicates: [5] });
      expect(await offsets()).toEqual([0, 2, 4, 6, 7]);
      expect(await places()).toEqual(['1 clock ahead', '3 cannot be counted']);
      // What is counted again beside it changes nothing of it.
      await count({ from: 4, duplicates: [5] });
      await count({ to: 1 });
      await count({ from: 2, to: 3 });
      expect(await offsets()).toEqual([0, 2, 4, 6, 7]);
      expect(await places()).toEqual(['1 clock ahead', '3 cannot be counted']);
      await documents.markResent([{ partition: 0, offset: 3 }], 1);
      await count({ from: 1, to: 4, letters: [refused(3)] });
      expect(await offsets()).toEqual([0, 1, 2, 4, 6, 7]);
      // One that stays a dead letter is not offered again.
      expect(await places()).toEqual([]);
      await count({ letters: [letter(2, 'bad time', 1)] });
      await count({});
      expect(await offsets()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(await documents.deadLetter({ partition: 0, offset: 3 })).toBeUndefined();
      expect(await documents.deadLetterReasons()).toEqual([]);
      await stores.close();
    });

    test('knows how far a partition was ever appended', async () => {
      const { stores } = await withEvents('progress', 10);
      const { documents } = stores;
      expect(await documents.appended(0)).toBe(0);
      const batch = { partition: 0, time: Date.now(), ...recordsOf([]), deadLetters: [] };
      await documents.append([
        { ...batch, from: 0, to: 6, duplicates: [0, 1, 2, 3, 4, 5].map((offset) => ({ offset })) },
      ]);
      await documents.append([{ ...batch, from: 0, to: 2, duplicates: [{ offset: 0 }, { offset: 1 }] }]);
      expect([await documents.appended(0), await documents.appended(1)]).toEqual([6, 0]);
      await stores.close();
    });

    test('reads events by range, and only what was appended', async () => {
      const { stores, events } = await withEvents('range', 30);
      const { documents } = stores;
      expect(await documents.readEvents(0, 0, 10)).toEqual({ events: [], next: 0 });
      await documents.append([
        {
          partition: 0,
          from: 0,
          to: 20,
          time: Date.now(),
          ...recordsOf(events.slice(0, 20)),
          duplicates: [],
          deadLetters: [],
        },
      ]);
      const seen: StoredEvent[] = [];
      let from = 0;
      for (;;) {
        const { events: read, next } = await documents.readEvents(0, from, 7);
        if (next === from) break;
        seen.push(...read);
        from = next;
      }
      expect(seen).toEqual(events.slice(0, 20));
      expect(from).toBe(20);
      await stores.close();
    });

    test('goes on where it came to the end, once there is more', async () => {
      const { stores, events } = await withEvents('more', 30);
      const { documents } = stores;
      for (const from of [0, 10, 20]) {
        const part = recordsOf(events.slice(from, from + 10));
        const batch = { partition: 0, from, to: from + 10, time: Date.now(), ...part };
        await documents.append([{ ...batch, duplicates: [], deadLetters: [] }]);
        const read = await documents.readEvents(0, from, 10);
        expect(read).toEqual({ events: events.slice(from, from + 10), next: from + 10 });
      }
      await stores.close();
    });

    test('reads the same as records, whatever lies between', async () => {
      const { stores, events } = await withEvents('records', 30);
      const { documents } = stores;
      const others = [0, 3, 4, 17, 29];
      const kept = events.filter(({ offset }) => !others.includes(offset));
      const taken = { from: 0, to: 30, time: Date.now(), ...recordsOf(kept) };
      const deadLetters = [letter(4, 'cannot be counted', 1), letter(17, 'clock ahead', 1)];
      const duplicates = [0, 3, 29].map((offset) => ({ offset }));
      await documents.append([{ partition: 0, ...taken, duplicates, deadLetters }]);
      for (const limit of [1, 7, 100]) {
        const seen: StoredEvent[] = [];
        for (let from = 0; ; ) {
          const { records, skipped, next } = await documents.readRecords(0, from, limit);
          for (let i = 0; i < records.length; i += 1) {
            if (skipped.has(i)) continue;
            const { offset, value, appendedAt } = records.at(i);
            const event = decodeRecord(value, { partition: 0, offset, appendedAt });
            if (!isRejected(event)) seen.push({ offset, event });
          }
          if (next === from) break;
          from = next;
        }
        expect(seen).toEqual(kept);
      }
      await stores.close();
    });

    test('gives several who read a partition at once all of it', async () => {
      const { stores, events } = await withEvents('at-once', 300);
      const { documents } = stores;
      const whole = { ...recordsOf(events), duplicates: [], deadLetters: [] };
      await documents.append([{ partition: 0, from: 0, to: 300, time: Date.now(), ...whole }]);
      async function readAll(limit: number): Promise<StoredEvent[]> {
        const seen: StoredEvent[] = [];
        for (let from = 0; ; ) {
          const { events: read, next } = await documents.readEvents(0, from, limit);
          if (next === from) return seen;
          seen.push(...read);
          from = next;
        }
      }
      for (const seen of await Promise.all([7, 7, 20, 20, 400].map(readAll))) expect(seen).toEqual(events);
      await stores.close();
    });

    test('finds its events in a replay with other batches, and changes nothing', async () => {
      const { stores, events } = await withEvents('replay', 30);
      const { documents } = stores;
      const batch = (from: number, to: number) => ({
        partition: 0,
        from,
        to,
        time: Date.now(),
        ...recordsOf(events.slice(from, to)),
        duplicates: [],
        deadLetters: [],
      });
      for (const [from, to] of [
        [0, 10],
        [0, 17],
        [5, 12],
        [17, 18],
        [10, 30],
        [18, 25],
      ] as const) {
        await documents.append([batch(from, to)]);
      }
      expect(await documents.readEvents(0, 0, 100)).toEqual({ events, next: 30 });
      await stores.close();
    });

    test('lists dead letters newest first, by reason, with their bytes', async () => {
      const { documents, close } = await open('letters', { ECOM_DEAD_LETTERS_DAYS: '0' });
      const letters = [letter(0, 'a', 10), letter(1, 'b', 30), letter(2, 'a', 20)];
      await documents.append([
        { partition: 0, from: 0, to: 3, time: 30, ...recordsOf([]), duplicates: [], deadLetters: letters },
      ]);
      expect((await documents.deadLetters({ limit: 10 })).map(({ offset }) => offset)).toEqual([1, 2, 0]);
      expect((await documents.deadLetters({ limit: 1 })).map(({ offset }) => offset)).toEqual([1]);
      expect((await documents.deadLetters({ reason: 'a', limit: 10 })).map(({ offset }) => offset)).toEqual([
        2, 0,
      ]);
      expect(await documents.deadLetterReasons()).toEqual([
        { reason: 'a', count: 2 },
        { reason: 'b', count: 1 },
      ]);
      const found = await documents.deadLetter({ partition: 0, offset: 2 });
      expect({ ...found, bytes: [...found!.bytes] }).toEqual({ ...letters[2], bytes: [0x7b, 0xff, 0x00, 2] });
      expect(await documents.deadLetter({ partition: 0, offset: 9 })).toBeUndefined();
      await close();
    });

    test('goes through dead letters by place, without those that were sent again', async () => {
      const { documents, close } = await open('resent');
      const letters = [letter(0, 'a', 10), letter(1, 'b', 30), letter(2, 'a', 20), letter(3, 'a', 40)];
      await documents.append([
        { partition: 0, from: 0, to: 4, time: 30, ...recordsOf([]), duplicates: [], deadLetters: letters },
      ]);
      const offsets = async (...query: Parameters<typeof documents.deadLettersAfter>) =>
        (await documents.deadLettersAfter(...query)).map(({ offset }) => offset);
      expect(await offsets(undefined, 10)).toEqual([0, 1, 2, 3]);
      expect(await offsets(undefined, 2, 'a')).toEqual([0, 2]);
      expect(await offsets({ partition: 0, offset: 2 }, 10, 'a')).toEqual([3]);
      await documents.markResent(
        [
          { partition: 0, offset: 0 },
          { partition: 0, offset: 1 },
        ],
        50,
      );
      expect(await offsets(undefined, 10)).toEqual([2, 3]);
      expect((await documents.deadLetters({ limit: 10 })).map(({ offset }) => offset)).toEqual([3, 2]);
      expect(await documents.deadLetterReasons()).toEqual([{ reason: 'a', count: 2 }]);
      expect((await documents.deadLetter({ partition: 0, offset: 1 }))?.reason).toBe('b');
      await close();
    });

    test('keeps each of several dead letters of one record', async () => {
      const { documents, close } = await open('several', { ECOM_DEAD_LETTERS_DAYS: '0' });
      const several = [undefined, 1, 2, 11].map((index) => ({
        ...letter(7, index === 2 ? 'b' : 'a', 10),
        ...(index === undefined ? {} : { index }),
        bytes: new Uint8Array([index ?? 0]),
      }));
      const letters = [letter(6, 'a', 10), ...several, letter(8, 'a', 10)];
      const batch = {
        partition: 0,
        from: 6,
        to: 9,
        time: 30,
        ...recordsOf([]),
        duplicates: [],
        deadLetters: letters,
      };
      await documents.append([batch]);
      await documents.append([batch]);
      const places = (found: readonly DeadLetter[]) => found.map(({ offset, index }) => `${offset}:${index}`);
      const inOrder = ['6:undefined', '7:undefined', '7:1', '7:2', '7:11', '8:undefined'];
      expect(places(await documents.deadLetters({ limit: 10 }))).toEqual([...inOrder].reverse());
      expect(places(await documents.deadLettersAfter(undefined, 10))).toEqual(inOrder);
      expect(await documents.deadLetterReasons()).toEqual([
        { reason: 'a', count: 5 },
        { reason: 'b', count: 1 },
      ]);
      for (const one of several) {
        const { partition, offset } = one;
        const index = 'index' in one ? (one.index as number) : undefined;
        const found = await documents.deadLetter(index === undefined ? one : { partition, offset, index });
        expect({ ...found, bytes: [...found!.bytes] }).toEqual({ ...one, bytes: [index ?? 0] });
      }
      expect(await documents.deadLetter({ partition: 0, offset: 7, index: 3 })).toBeUndefined();
      // Going through them in parts that end within the record leaves none out.
      const seen: DeadLetter[] = [];
      for (;;) {
        const [next] = await documents.deadLettersAfter(seen.at(-1), 1);
        if (next === undefined) break;
        seen.push(next);
      }
      expect(places(seen)).toEqual(inOrder);
      await documents.markResent([{ partition: 0, offset: 7, index: 1 }], 50);
      await documents.append([batch]);
      expect(places(await documents.deadLettersAfter(undefined, 10))).toEqual(
        inOrder.filter((place) => place !== '7:1'),
      );
      await close();
    });

    test('keeps so many dead letters whole, the newest, and counts them all', async () => {
      const { documents, close } = await open('bound', { ECOM_DEAD_LETTERS_MIB: '1' });
      const [now, size] = [Date.now(), 40 * 1024];
      // Later places are older: it is by time that they are cleared.
      const letters = Array.from({ length: 64 }, (_, i) => ({
        ...letter(i, i % 2 === 0 ? 'a' : 'b', now - i),
        bytes: new Uint8Array(size).fill(i),
      }));
      const batches = letters.map((one) => ({
        ...{
          partition: 0,
          from: one.offset,
          to: one.offset + 1,
          time: now,
          ...recordsOf([]),
          duplicates: [],
        },
        deadLetters: [one],
      }));
      const all = async () => documents.deadLettersAfter(undefined, 1000);
      const bytesOf = (found: readonly DeadLetter[]) =>
        found.reduce((sum, { bytes }) => sum + bytes.length, 0);
      for (const batch of [...batches].reverse()) {
        await documents.append([batch]);
        if (batch.from % 8 === 0) expect(bytesOf(await all())).toBeLessThan(1.25 * 1024 * 1024);
      }
      const kept = await all();
      const cleared = kept.filter((one) => one.cleared);
      expect(kept).toHaveLength(64);
      expect(cleared.length).toBeGreaterThan(30);
      expect(cleared.map(({ offset }) => offset)).toEqual(
        kept.map(({ offset }) => offset).slice(64 - cleared.length),
      );
      for (const one of kept) {
        const { detail, bytes, ...thin } = letters[one.offset]!;
        const { bytes: read, ...rest } = one;
        if (one.cleared) expect(rest).toEqual({ ...thin, detail: '', cleared: true });
        else expect(rest).toEqual({ ...thin, detail });
        expect(Buffer.from(one.cleared ? [] : bytes).equals(read)).toBe(true);
      }
      expect(bytesOf(cleared)).toBe(0);
      // What is sent again is not offered; what is appended again changes nothing.
      await documents.markResent([{ partition: 0, offset: 63 }], now);
      await documents.append(batches.slice(-8));
      expect((await all()).map(({ cleared: is }) => is)).toEqual(
        kept.slice(0, 63).map(({ cleared: is }) => is),
      );
      expect(await documents.clearedDeadLetters()).toBe(cleared.length - 1);
      expect(await documents.deadLetterReasons()).toEqual([
        { reason: 'a', count: 32 },
        { reason: 'b', count: 31 },
      ]);
      expect((await documents.deadLetter({ partition: 0, offset: 62 }))?.cleared).toBe(true);
      await close();
    });

    test('keeps dead letters whole for so many days, of an earlier run too', async () => {
      const batch = (from: number, ...deadLetters: DeadLetter[]) => ({
        ...{
          partition: 0,
          from,
          to: from + deadLetters.length,
          time: Date.now(),
          ...recordsOf([]),
          duplicates: [],
        },
        deadLetters,
      });
      const [now, day] = [Date.now(), 86_400_000];
      const letters = [letter(0, 'a', now - 3 * day), letter(1, 'a', now - 1.5 * day), letter(2, 'a', now)];
      const first = await open('days', { ECOM_DEAD_LETTERS_DAYS: '0' });
      await first.documents.append([batch(0, ...letters)]);
      expect(await first.documents.clearedDeadLetters()).toBe(0);
      await first.close();
      const { documents, close } = await open('days', { ECOM_DEAD_LETTERS_DAYS: '2' });
      await documents.append([batch(3, letter(3, 'a', now))]);
      const kept = await documents.deadLettersAfter(undefined, 10);
      expect(kept.map(({ cleared = false }) => cleared)).toEqual([true, false, false, false]);
      await documents.append([batch(0, ...letters)]);
      expect(await documents.deadLettersAfter(undefined, 10)).toEqual(kept);
      await close();
    });

    test('keeps the last model of a name', async () => {
      const { documents, close } = await open('models');
      expect(await documents.loadModel('m')).toBeUndefined();
      await documents.saveModel({ name: 'm', time: 1, json: '{"a":1}' });
      await documents.saveModel({ name: 'm', time: 2, json: '{"a":2}' });
      expect(await documents.loadModel('m')).toEqual({ name: 'm', time: 2, json: '{"a":2}' });
      await documents.saveModel({ name: 'n', time: 3, json: '{}' });
      await documents.deleteModel('m');
      await documents.deleteModel('never saved');
      expect(await documents.loadModel('m')).toBeUndefined();
      expect(await documents.loadModel('n')).toMatchObject({ time: 3 });
      await close();
    });
  });
}
