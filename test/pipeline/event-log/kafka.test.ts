import { expect, it } from 'vitest';
import { createKafkaEventLog } from '../../../src/pipeline/event-log/kafka.ts';
import { describeEventLog } from '../../conformance/event-log.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';

describeWith(['kafka'], 'kafka', () => {
  const run = uniqueName('log');
  const open = (name: string, partitions = 1) =>
    createKafkaEventLog({ url: `${backendUrl('kafka')}/${run}-${name}`, partitions });
  describeEventLog('kafka', open, { runs: 5, groups: true });

  it('tells where each of many new topics begins and ends, though a broker knows one only some time after it made it', async () => {
    for (let topic = 0; topic < 20; topic++) {
      const log = await open(`new-${topic}`, 4);
      expect(await log.bounds()).toEqual(Array.from({ length: 4 }, () => ({ begin: 0, end: 0 })));
      await log.close();
    }
  });
});
