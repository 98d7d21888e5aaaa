import { join } from 'node:path';
import { type Collection, MongoClient } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { type StoredEvent } from '../../../src/pipeline/document-store/document-store.ts';
import { type RecordDocument } from '../../../src/pipeline/document-store/mongodb-block.ts';
import { createMongoRecords } from '../../../src/pipeline/document-store/mongodb-records.ts';
import { openDocumentStore } from '../../../src/pipeline/document-store/open.ts';
import { describeDocumentStore } from '../../conformance/document-store.ts';
import { describeStoredRecords, expectedOf, readLines, stretch } from '../../conformance/stored-records.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';
import { recordsOf } from '../../support/document-batch.ts';
import { configFor, openStores } from '../../support/stores.ts';
import { tcpProxy } from '../../support/tcp-proxy.ts';
import { tempDir } from '../../support/temp-dir.ts';

const WRITES: ReadonlySet<string> = new Set(['insertMany', 'deleteMany']);
const newUrl = (name: string): string => `${backendUrl('mongodb')!.replace(/\/$/, '')}/${uniqueName(name)}`;

/** Its cursors see what was written since they began, as those of MongoDB do that have fetched nothing beyond; FerretDB sorts all at first. */
function steppingAlong(collection: Collection<RecordDocument>): Collection<RecordDocument> {
  const find = (range: { _id: { $gte: string; $lt: string } }) => {
    const cursor = collection.find(range);
    let after: string | undefined;
    const next = async () => {
      const from = after === undefined ? { $gte: range._id.$gte } : { $gt: after };
      const beyond = collection.find({ _id: { ...from, $lt: range._id.$lt } }).sort({ _id: 1 });
      const found = (await beyond.limit(1).toArray())[0] ?? null;
      after = found?._id ?? after;
      return found;
    };
    return { sort: (by: { _id: 1 | -1 }) => Object.assign(cursor.sort(by), { next }) };
  };
  return new Proxy(collection, {
    get: (target, name) => (name === 'find' ? find : Reflect.get(target, name)) as unknown,
  });
}

describeWith(['mongodb'], 'mongodb', () => {
  test('gives the events of one record together, whoever goes on', async () => {
    const url = `${backendUrl('mongodb')!.replace(/\/$/, '')}/${uniqueName('together')}`;
    const config = configFor(tempDir(), { ECOM_DOCUMENTS_URL: url, ECOM_PARTITIONS: '1' });
    ensureDataDir(config);
    const event = { id: 'e', type: 'view_item' as const, time: 1_700_000_000_000, items: [], source: 'test' };
    const events: StoredEvent[] = [0, 1, 2].flatMap((offset) => [
      { offset, event },
      ...[1, 2].map((index) => ({ offset, index, event })),
    ]);
    const seen: StoredEvent[] = [];
    for (let from = 0, ended = false; !ended; ) {
      // Another one each time, as after a restart.
      const { documents, close } = await openStores(config);
      await documents.append([
        {
          partition: 0,
          from: 0,
          to: 3,
          time: Date.now(),
          ...recordsOf(events),
          duplicates: [],
          deadLetters: [],
        },
      ]);
      const read = await documents.readEvents(0, from, 2);
      seen.push(...read.events);
      ended = read.next === from;
      from = read.next;
      await close();
    }
    expect(seen).toEqual(events);
  });

  test('works once the server is there that was away when it was first needed', async () => {
    let away = true;
    const target = new URL(backendUrl('mongodb')!);
    const way = await tcpProxy(Number(target.port), () => (away ? 'cut' : 'pass'));
    target.port = String(way.port);
    target.pathname = `/${uniqueName('late')}`;
    const documents = await openDocumentStore(configFor(tempDir(), { ECOM_DOCUMENTS_URL: target.href }));
    await expect(documents.deadLetterReasons()).rejects.toMatchObject({
      away: expect.stringMatching('mongodb'),
    });
    away = false;
    expect(await documents.deadLetterReasons()).toEqual([]);
    await documents.close();
    way.close();
  });

  describeStoredRecords(
    'mongodb',
    () => openDocumentStore(configFor(tempDir(), { ECOM_DOCUMENTS_URL: newUrl('stored') })),
    25,
  );

  test('gives events that an older version stored one by one, and takes new ones in their place', async () => {
    const url = newUrl('older');
    const client = await new MongoClient(url).connect();
    onTestFinished(() => client.close());
    const event = (id: string) => ({
      id,
      type: 'page_view',
      time: 1_700_000_000_000,
      items: [],
      source: 's',
    });
    await client
      .db()
      .collection<{ _id: string }>('events')
      .insertMany(
        ['0', '1', '1:001', '2', '4'].map((place) => {
          const [offset = '', index] = place.split(':');
          const _id = `0000:${offset.padStart(15, '0')}${index === undefined ? '' : `:${index}`}`;
          return { _id, at: new Date(), type: 'page_view', event: JSON.stringify(event(`old-${place}`)) };
        }),
      );
    const documents = await openDocumentStore(configFor(tempDir(), { ECOM_DOCUMENTS_URL: url }));
    onTestFinished(() => documents.close());
    const ids = async (limit: number) => {
      const found: string[] = [];
      for (let from = 0; ; ) {
        const { events, next } = await documents.readEvents(0, from, limit);
        found.push(...events.map((one) => one.event.id));
        if (next === from) return found;
        from = next;
      }
    };
    for (const limit of [1, 2, 9])
      expect(await ids(limit)).toEqual(['old-0', 'old-1', 'old-1:001', 'old-2', 'old-4']);
    const batch = (from: number, to: number) => {
      const found = [from, to - 1].map((offset) => ({ offset, event: event(`new-${offset}`) as never }));
      return {
        partition: 0,
        from,
        to,
        time: Date.now(),
        ...recordsOf(found),
        duplicates: [],
        deadLetters: [],
      };
    };
    await documents.append([batch(6, 9)]);
    await documents.append([batch(1, 3)]);
    for (const limit of [1, 2, 9])
      expect(await ids(limit)).toEqual(['old-0', 'new-1', 'new-2', 'old-4', 'new-6', 'new-8']);
  });

  test('whoever dies while a batch comes again with other bounds leaves no gap and nothing twice', async () => {
    const client = await new MongoClient(newUrl('dying')).connect();
    onTestFinished(() => client.close());
    let left = Number.POSITIVE_INFINITY;
    const collection = client.db().collection<RecordDocument>('events');
    const dying = new Proxy(collection, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        const call = (...given: unknown[]) => {
          if (WRITES.has(String(name))) {
            left -= 1;
            if (left < 0) throw new Error('it dies');
          }
          return Reflect.apply(value, target, given) as unknown;
        };
        // The server may die between two documents of one insert.
        if (name !== 'insertMany') return call;
        return async (documents: unknown[], options: unknown) => {
          for (const document of documents) await call([document], options);
        };
      },
    });
    const write = async (partition: number, from: number, to: number, round: number) => {
      // As after a restart: what is remembered is gone.
      await createMongoRecords(async () => dying).append([stretch(partition, from, to, round)]);
    };
    for (let steps = 0, partition = 0, done = false; !done; steps += 1, partition += 1) {
      left = Number.POSITIVE_INFINITY;
      for (const from of [0, 10, 20]) await write(partition, from, from + 10, 0);
      left = steps;
      done = await write(partition, 5, 25, 1).then(
        () => true,
        () => false,
      );
      const read = createMongoRecords(async () => collection).read;
      const lines = await readLines((from, limit) => read(partition, from, limit), 7);
      const of = (round: number) => (offset: number) => (offset >= 5 && offset < 25 ? round : 0);
      // Of each offset what it was taken for before or is now, in order.
      const rounds = Array.from({ length: 30 }, (_, offset) => {
        const here = lines.filter((line) => line.startsWith(`{"${offset}"`));
        const either = [0, 1].map((round) => expectedOf(offset, offset + 1, of(round)));
        expect(either).toContainEqual(here);
        return here;
      });
      expect(rounds.flat()).toEqual(lines);
      left = Number.POSITIVE_INFINITY;
      await write(partition, 5, 22, 1);
      await write(partition, 22, 25, 1);
      const after = await readLines((from, limit) => read(partition, from, limit), 7);
      expect(after).toEqual(expectedOf(0, 30, of(1)));
      if (done) expect(steps).toBe(3);
    }
  });

  test('lets several write one stretch at once, and keeps what each of them has', async () => {
    const client = await new MongoClient(newUrl('several')).connect();
    onTestFinished(() => client.close());
    const collection = async () => client.db().collection<RecordDocument>('events');
    const bounds = [
      [0, 12],
      [0, 30],
      [0, 7],
      [5, 25],
    ] as const;
    const written = bounds.map(([from, to]) =>
      createMongoRecords(collection).append([stretch(0, from, to, 0)]),
    );
    await Promise.all(written);
    // Whoever begins anywhere, and whoever goes on.
    for (let since = 0; since <= 30; since += 3) {
      const { read } = createMongoRecords(collection);
      const lines = await readLines((from, limit) => read(0, from, limit), 9, since);
      expect(lines).toEqual(expectedOf(since, 30, () => 0));
    }
  });

  test('what is left of a block that is replaced in part takes the place of no later one', async () => {
    const client = await new MongoClient(newUrl('left')).connect();
    onTestFinished(() => client.close());
    const { append, read } = createMongoRecords(async () => client.db().collection<RecordDocument>('events'));
    // Versions of one rank differ by chance.
    for (let partition = 0; partition < 8; partition += 1) {
      await append([stretch(partition, 10, 40, 0)]);
      await append([stretch(partition, 20, 30, 1)]);
      await append([stretch(partition, 5, 15, 2)]);
      const roundOf = (offset: number) => (offset < 15 ? 2 : offset >= 20 && offset < 30 ? 1 : 0);
      const lines = await readLines((from, limit) => read(partition, from, limit), 7, 5);
      expect(lines).toEqual(expectedOf(5, 40, roundOf));
    }
  });

  test('leaves no gap for a reader that has begun before a batch comes again with other bounds', async () => {
    const client = await new MongoClient(newUrl('begun')).connect();
    onTestFinished(() => client.close());
    const collection = async () => client.db().collection<RecordDocument>('events');
    const stored = await collection();
    for (const from of [0, 10, 20])
      await createMongoRecords(collection).append([stretch(0, from, from + 10, 0)]);
    const { read } = createMongoRecords(async () => steppingAlong(stored));
    const { next } = await read(0, 0, 1);
    await createMongoRecords(collection).append([stretch(0, 5, 25, 1)]);
    const lines = await readLines((from, limit) => read(0, from, limit), 4, next);
    for (let offset = next; offset < 30; offset += 1) {
      const here = lines.filter((line) => line.startsWith(`{"${offset}"`));
      const either = [0, 1].map((round) => expectedOf(offset, offset + 1, () => round));
      expect(either).toContainEqual(here);
    }
  });

  const run = uniqueName('documents');
  describeDocumentStore('mongodb', async (name, env) => {
    const url = `${backendUrl('mongodb')!.replace(/\/$/, '')}/${run}-${name}`;
    const config = configFor(join(tempDir(), name), {
      ECOM_DOCUMENTS_URL: url,
      ECOM_PARTITIONS: '1',
      ...env,
    });
    ensureDataDir(config);
    return openStores(config);
  });
});
