import { createKafkaEventLog } from '../../../src/pipeline/event-log/kafka.ts';
import { describeEventLog } from '../../conformance/event-log.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';

describeWith(['kafka'], 'kafka', () => {
  const run = uniqueName('log');
  const open = (name: string, partitions = 1) =>
    createKafkaEventLog({ url: `${backendUrl('kafka')}/${run}-${name}`, partitions });
  describeEventLog('kafka', open, { runs: 5, groups: true });
});
