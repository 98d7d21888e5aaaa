import { resolve } from 'node:path';
import envPaths from 'env-paths';

/** Absolute path of the folder of the user's shop: what the flag says, else the environment, else the platform. */
export function shopFolder(flag: string | undefined, env: NodeJS.ProcessEnv): string {
  return resolve(flag ?? env.ECOM_DATA_DIR ?? envPaths('ecom', { suffix: '' }).data);
}

/** Folder of the data folder: that of the simulated shop. */
export const DEMO_FOLDER = 'demo';

/** The environment that the process was started with. */
export function processEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}
