import { expect, test } from 'vitest';
import { openLiveStore } from '../../../src/pipeline/live-store/open.ts';
import { configFor } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('a Redis that was never there is told of each time, and closing does not wait for it', async () => {
  // Nobody listens on port 1.
  const live = await openLiveStore(configFor(tempDir(), { ECOM_LIVE_URL: 'redis://127.0.0.1:1' }));
  const refusal = { code: 'UNAVAILABLE', away: 'redis 127.0.0.1:1' };
  await expect(live.positions()).rejects.toMatchObject(refusal);
  await expect(live.layout()).rejects.toMatchObject(refusal);
  await live.close();
});
