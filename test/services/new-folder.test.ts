import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { exportData } from '../../src/commands/export.ts';
import { stats } from '../../src/commands/stats.ts';
import { backendUrl, describeWith, uniqueName } from '../support/backends.ts';
import { runOn } from '../support/run-on.ts';
import { configFor } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

describeWith(['redis'], 'a new folder whose numbers are on a server', () => {
  test.each<readonly [string, (context: CommandContext) => Promise<void>]>([
    ['stats', (context) => stats(context, { window: 'all', limit: 10, interval: 1 })],
    ['export', (context) => exportData(context, { what: 'events', format: 'jsonl', out: '-' })],
  ])('%s says that nothing was counted here, and creates nothing', async (_, command) => {
    const dataDir = join(tempDir(), 'shop');
    const url = `${backendUrl('redis')!.replace(/\/$/, '')}/0?prefix=${uniqueName('new')}`;
    const run = runOn(dataDir);
    const context = { ...run.context, config: configFor(dataDir, { ECOM_LIVE_URL: url }) };
    await expect(command(context)).rejects.toMatchObject({
      message: `nothing was counted here yet: there is no ${dataDir}, which would hold log.db`,
      hint: expect.stringContaining('ecom ingest FILE'),
    });
    expect(run.text()).toBe('');
    expect(existsSync(dataDir)).toBe(false);
  });
});
