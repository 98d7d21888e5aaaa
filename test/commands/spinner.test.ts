import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { withSpinner } from '../../src/commands/spinner.ts';

afterEach(() => void vi.useRealTimers());

function collect() {
  const stream = new PassThrough() as PassThrough & NodeJS.WriteStream;
  return { stderr: stream, said: () => String(stream.read() ?? '') };
}

test('without a terminal, a line says at the start what goes on, and then again and again how far it is', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const { stderr, said } = collect();
  const result = await withSpinner(
    { stderr },
    'evaluating',
    async (say) => {
      expect(said()).toBe('evaluating\n');
      say('evaluating 20 %');
      say('evaluating 30 %');
      expect(said()).toBe('');
      vi.advanceTimersByTime(10_000);
      expect(said()).toBe('evaluating 30 % · 10 s\n');
      vi.advanceTimersByTime(20_000);
      expect(said()).toBe('evaluating 30 % · 20 s\nevaluating 30 % · 30 s\n');
      return 7;
    },
    true,
  );
  expect(result).toBe(7);
  vi.advanceTimersByTime(60_000);
  expect(said()).toBe('');
});

test('what is soon done says nothing, and what fails ends the lines', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const { stderr, said } = collect();
  const failing = withSpinner({ stderr }, 'copying', async () => {
    throw new Error('no room');
  });
  await expect(failing).rejects.toThrow('no room');
  vi.advanceTimersByTime(60_000);
  expect(said()).toBe('');
});
