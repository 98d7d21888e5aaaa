import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EcomError } from '../../../src/errors.ts';
import { requestControl } from '../../../src/pipeline/supervisor/control-client.ts';
import { MAX_REQUEST_BYTES } from '../../../src/pipeline/supervisor/control-path.ts';
import { serveControl } from '../../../src/pipeline/supervisor/control-server.ts';
import { controlSocketPath } from '../../../src/pipeline/supervisor/control-socket.ts';
import { type ControlRequest, type ControlResponse } from '../../../src/pipeline/supervisor/messages.ts';
import { tempDir } from '../../support/temp-dir.ts';

const DONE: ControlResponse = { ok: true, pid: 1, startedAt: 2, components: [] };

async function serve(dataDir: string, handle: (request: ControlRequest) => Promise<ControlResponse>) {
  const server = await serveControl({ dataDir }, handle);
  onTestFinished(() => server.close());
}

/** What the server says to bytes that no client of ours would send. */
async function say(dataDir: string, bytes: string): Promise<ControlResponse> {
  const socket = connect(controlSocketPath({ dataDir }));
  socket.setEncoding('utf8');
  socket.write(bytes);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return JSON.parse(answer);
}

describe('the control socket', () => {
  test('carries a request and its answer, and only its owner can open it', async () => {
    const dataDir = tempDir();
    const requests: ControlRequest[] = [];
    await serve(dataDir, async (request) => {
      requests.push(request);
      return DONE;
    });
    expect(await requestControl({ dataDir }, { command: 'status' })).toEqual(DONE);
    expect(await requestControl({ dataDir }, { command: 'restart', component: 'generator' })).toEqual(DONE);
    expect(requests).toEqual([{ command: 'status' }, { command: 'restart', component: 'generator' }]);
    if (process.platform !== 'win32')
      expect(statSync(controlSocketPath({ dataDir })).mode & 0o777).toBe(0o600);
  });

  test('nobody listening is no error', async () => {
    const dataDir = tempDir();
    expect(await requestControl({ dataDir }, { command: 'status' })).toBeUndefined();
    expect(await requestControl({ dataDir: join(dataDir, 'nowhere') }, { command: 'down' })).toBeUndefined();
  });

  test('what a dead supervisor left at its place is replaced', async () => {
    const dataDir = tempDir();
    writeFileSync(join(dataDir, 'control.sock'), '');
    await serve(dataDir, async () => DONE);
    expect(await requestControl({ dataDir }, { command: 'status' })).toEqual(DONE);
  });

  test.skipIf(process.platform === 'win32')('a folder at its place is told, with what to do', async () => {
    const dataDir = tempDir();
    mkdirSync(join(dataDir, 'control.sock'));
    await expect(serveControl({ dataDir }, async () => DONE)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is a folder'),
      hint: expect.stringContaining('move it away'),
    });
    expect(await requestControl({ dataDir }, { command: 'status' })).toBeUndefined();
  });

  test('a path that is too long for a socket is served all the same', async () => {
    const dataDir = join(tempDir(), 'x'.repeat(150));
    mkdirSync(dataDir);
    expect(Buffer.byteLength(controlSocketPath({ dataDir }))).toBeLessThan(104);
    await serve(dataDir, async () => DONE);
    expect(await requestControl({ dataDir }, { command: 'status' })).toEqual(DONE);
    expect(await requestControl({ dataDir: `${dataDir}y` }, { command: 'status' })).toBeUndefined();
  });

  test('a refusal keeps its code and its hint', async () => {
    const dataDir = tempDir();
    await serve(dataDir, async () => {
      throw new EcomError('NOT_FOUND', 'no such component', { hint: 'one of: a, b' });
    });
    expect(await requestControl({ dataDir }, { command: 'stop', component: 'c' })).toEqual({
      ok: false,
      code: 'NOT_FOUND',
      message: 'no such component',
      hint: 'one of: a, b',
    });
  });

  test.each([
    ['no JSON', 'hello\n', /one line of JSON/],
    ['no object', '[1]\n', /must have a command/],
    ['null', 'null\n', /must have a command/],
    ['an unknown command', '{"command":"format"}\n', /must have a command/],
    ['a command without its component', '{"command":"stop","component":7}\n', /name of a component/],
    ['an oversized line', `{"command":"${'x'.repeat(MAX_REQUEST_BYTES)}"}\n`, /longer than/],
    ['an endless line', 'x'.repeat(MAX_REQUEST_BYTES + 1), /longer than/],
  ])('%s is refused and the next request served', async (_, bytes, message) => {
    const dataDir = tempDir();
    await serve(dataDir, async () => DONE);
    expect(await say(dataDir, bytes)).toEqual({
      ok: false,
      code: 'USAGE',
      message: expect.stringMatching(message),
    });
    expect(await requestControl({ dataDir }, { command: 'status' })).toEqual(DONE);
  });

  test('a supervisor that does not answer in time is an error', async () => {
    const dataDir = tempDir();
    let release = (): void => {};
    await serve(dataDir, () => new Promise((resolve) => (release = () => resolve(DONE))));
    await expect(requestControl({ dataDir }, { command: 'status' }, 50)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    release();
  });
});
