import { createAls } from '../als/als.ts';
import { alsLists } from '../als/als-lists.ts';
import { createContent } from '../content.ts';
import { createEase } from '../ease.ts';
import { createItemKnn } from '../item-knn.ts';
import { type ListModel } from '../list-model.ts';
import { type ModelRecommender, type Progress } from '../recommender.ts';
import { type TrainingData } from '../training-data.ts';

/** An algorithm whose model is lists of neighbours, that the hybrid may blend. */
export interface Component {
  readonly name: string;
  learn(data: TrainingData, progress: Progress): ListModel;
}

const NEIGHBOURS = 100;
/** EASE's time grows with the third power of the items. */
const EASE_ITEMS = 2000;
/** Lists of ALS take time with the square of the items. */
const ALS_ITEMS = 10_000;

/** What takes seconds: it follows the shop closely. */
export function quickComponents({ texts }: TrainingData): Component[] {
  const found = [
    component('bought-together', () => createItemKnn({ neighbours: NEIGHBOURS })),
    component('item-knn', () => createItemKnn({ rows: 'users', similarity: 'bm25', neighbours: NEIGHBOURS })),
  ];
  if (texts.some((text) => text !== undefined))
    found.push(component('content', () => createContent({ neighbours: NEIGHBOURS })));
  return found;
}

/** What takes longer. */
export function slowComponents(threads: number): Component[] {
  return [als(threads), component('ease', () => createEase({ items: EASE_ITEMS, neighbours: NEIGHBOURS }))];
}

function als(threads: number): Component {
  const regularization = 10;
  return {
    name: 'als',
    learn(data, progress) {
      const recommender = createAls({ regularization, threads });
      recommender.fit(data, progress);
      return alsLists(recommender.model!, data, { regularization, neighbours: NEIGHBOURS, items: ALS_ITEMS });
    },
  };
}

function component(name: string, create: () => ModelRecommender<ListModel>): Component {
  return {
    name,
    learn(data, progress) {
      const recommender = create();
      recommender.fit(data, progress);
      return recommender.model!;
    },
  };
}
