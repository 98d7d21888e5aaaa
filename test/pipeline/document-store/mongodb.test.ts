import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { type StoredEvent } from '../../../src/pipeline/document-store/document-store.ts';
import { openDocumentStore } from '../../../src/pipeline/document-store/open.ts';
import { describeDocumentStore } from '../../conformance/document-store.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';
import { configFor, openStores } from '../../support/stores.ts';
import { tcpProxy } from '../../support/tcp-proxy.ts';
import { tempDir } from '../../support/temp-dir.ts';

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
          events: () => events,
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
