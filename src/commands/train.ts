import { type AlgorithmName } from '../ml/algorithm-names.ts';
import { type ModelVersion } from '../pipeline/recommender/models.ts';
import { type CommandContext } from './context.ts';
import { withInteractions } from './learning.ts';
import { modelText } from './model-text.ts';
import { printJson, write } from './output.ts';
import { patienceOf } from './wait.ts';

export interface TrainOptions {
  readonly algorithm?: readonly AlgorithmName[];
  readonly json?: boolean;
}

/** Learns everything anew, keeps it as a version, and serves it unless an older one was chosen. */
export async function train(context: CommandContext, { algorithm = [], json }: TrainOptions): Promise<void> {
  let version: ModelVersion | undefined;
  await withInteractions(
    context,
    async ({ trainer, say }) => {
      const progress = (done: number) => say('training', done);
      const options = { algorithms: algorithm, now: Date.now(), progress };
      version = await trainer.trainFully(options, context.signal);
    },
    patienceOf(context),
  );
  if (json) await printJson(context.stdout, { schema: 'ecom.train/1', ...version! });
  else await write(context.stdout, modelText(version!));
}
