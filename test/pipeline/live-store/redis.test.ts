import { createRedisLiveStore } from '../../../src/pipeline/live-store/redis.ts';
import { describeLiveStore } from '../../conformance/live-store.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';

describeWith(['redis'], 'redis', () => {
  const run = uniqueName('live');
  describeLiveStore('redis', async (name, layout) =>
    createRedisLiveStore({
      url: `${backendUrl('redis')!.replace(/\/$/, '')}/0?prefix=${run}-${name}`,
      layout,
    }),
  );
});

describeWith(['redis-cluster'], 'redis cluster', () => {
  const run = uniqueName('live');
  describeLiveStore('redis cluster', async (name, layout) =>
    createRedisLiveStore({
      url: `${backendUrl('redis-cluster')!.replace(/\/$/, '')}/0?cluster=true&prefix=${run}-${name}`,
      layout,
    }),
  );
});
