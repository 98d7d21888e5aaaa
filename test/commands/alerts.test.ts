import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { alerts } from '../../src/commands/alerts.ts';
import { type CommandContext } from '../../src/commands/context.ts';
import { type Config } from '../../src/config.ts';
import { configFor } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

function contextOf(config: Config) {
  const stdout = new PassThrough();
  return { stdout, context: { config, stdout, stderr: new PassThrough() } as unknown as CommandContext };
}

test('without a file there are no rules for machines, and a hint for people', async () => {
  const config = configFor(tempDir());
  const { context, stdout } = contextOf(config);
  await alerts(context, { json: true });
  expect(JSON.parse(String(stdout.read()))).toEqual({
    schema: 'ecom.alerts/1',
    file: config.alertsFile,
    watched: false,
    alerts: [],
  });
  await expect(alerts(context, {})).rejects.toMatchObject({
    code: 'NOT_FOUND',
    hint: expect.stringContaining('docs/alerts.md'),
  });
});

test('a file that is named has to be there, for machines too', async () => {
  const dir = tempDir();
  const { context } = contextOf(configFor(dir, { ECOM_ALERTS_FILE: join(dir, 'absent.json') }));
  await expect(alerts(context, { json: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
