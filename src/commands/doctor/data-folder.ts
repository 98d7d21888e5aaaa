import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Config } from '../../config.ts';
import { errorMessage } from '../../errors.ts';
import { distrustOf } from '../../trust.ts';
import { type Check, fail, ok, warn } from './check.ts';

const GIB = 2 ** 30;
/** Free space below which the stores soon cannot write, and below which somebody should look, bytes. */
const LEAST_FREE = GIB / 10;
const SMALL_FREE = GIB;

/** Whether the data folder can be written, is private, and has room. */
export async function checkDataFolder({ dataDir }: Pick<Config, 'dataDir'>): Promise<Check[]> {
  const exists = existsSync(dataDir);
  const nearest = nearestExisting(dataDir);
  try {
    if (!statSync(nearest).isDirectory()) throw new Error(`${nearest} is not a folder`);
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch (error) {
    const advice = 'choose a folder that you may write with --data-dir DIR or ECOM_DATA_DIR';
    return [fail('data folder', `${dataDir} cannot be written: ${errorMessage(error)}`, advice)];
  }
  return [
    ok('data folder', exists ? dataDir : `${dataDir} is not there yet and can be created`),
    ...(exists ? [checkPermissions(dataDir)] : []),
    await checkSpace(nearest),
  ];
}

function nearestExisting(path: string): string {
  let nearest = path;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  return nearest;
}

function checkPermissions(dataDir: string): Check {
  const distrust = distrustOf(dataDir);
  if (distrust !== undefined) return fail('permissions', distrust.problem, distrust.advice);
  const mode = statSync(dataDir).mode & 0o777;
  const text = mode.toString(8).padStart(3, '0');
  if (process.platform === 'win32' || (mode & 0o077) === 0) return ok('permissions', `${text}, yours alone`);
  return warn('permissions', `${text}: other users can look into it`, `chmod 700 ${dataDir}`);
}

async function checkSpace(dir: string): Promise<Check> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  const text = `${(free / GIB).toFixed(1)} GiB free`;
  if (free < LEAST_FREE) return fail('disk space', text, 'free some space: the stores cannot grow');
  if (free < SMALL_FREE)
    return warn('disk space', text, 'free some space: a million events take about 0.3 GiB');
  return ok('disk space', text);
}
