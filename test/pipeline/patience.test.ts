import { expect, test } from 'vitest';
import { EcomError } from '../../src/errors.ts';
import { createPatience } from '../../src/pipeline/patience.ts';

const away = (server: string) => new EcomError('UNAVAILABLE', `${server}: refused`, { away: server });

function patient(limitMs: number) {
  const said: string[] = [];
  const controller = new AbortController();
  const { signal } = controller;
  return { said, controller, patience: createPatience({ limitMs, signal, say: (text) => said.push(text) }) };
}

test('goes on when every server is back, and says so once', async () => {
  const { patience, said } = patient(60_000);
  const failures = [away('a'), away('b'), away('a')];
  const work = async () => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return 'done';
  };
  expect(await patience(work)).toBe('done');
  expect(said).toEqual([
    'waiting up to 1 min: a: refused',
    'waiting up to 1 min: b: refused',
    'a is back, going on',
    'b is back, going on',
  ]);
});

test('says once what several wait for', async () => {
  const { patience, said } = patient(60_000);
  const work = () => {
    let failed = false;
    return async () => {
      if (failed) return;
      failed = true;
      throw away('a');
    };
  };
  await Promise.all([patience(work()), patience(work())]);
  expect(said).toEqual(['waiting up to 1 min: a: refused', 'a is back, going on']);
});

test('gives up after its limit, whatever else is away meanwhile', async () => {
  const { patience, said } = patient(1);
  let turn = 0;
  const work = async () => {
    turn += 1;
    throw away(turn % 2 === 0 ? 'a' : 'b');
  };
  await expect(patience(work)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/^[ab] has not come back within 0 s$/),
  });
  expect(said).toHaveLength(2);
});

test('repeats nothing that waiting does not help', async () => {
  const { patience, said } = patient(60_000);
  let tries = 0;
  const refused = new EcomError('UNAVAILABLE', 'the password is wrong');
  const work = async () => {
    tries += 1;
    throw refused;
  };
  await expect(patience(work)).rejects.toBe(refused);
  expect([tries, said]).toEqual([1, []]);
});

test('ends at once when it is told to stop', async () => {
  const { patience, controller } = patient(60_000);
  const waiting = patience(async () => {
    throw away('a');
  });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
});
