import { createAls } from '../als/als.ts';
import { type AlsLists, createAlsLists } from '../als/als-lists.ts';
import { densest } from '../als/densest.ts';
import { createContent } from '../content.ts';
import { createEase } from '../ease.ts';
import { createItemKnn } from '../item-knn.ts';
import { type ListModel, listModel } from '../list-model.ts';
import { type NeighbourLists, renumber } from '../neighbour-lists.ts';
import { type ModelRecommender, type Progress } from '../recommender.ts';
import { type TrainingData } from '../training-data.ts';

/** An algorithm whose model is lists of neighbours, that the hybrid may blend. */
export interface Component {
  readonly name: string;
  learn(data: TrainingData, progress: Progress): ListModel;
  /**
   * What it knows, of data that have grown a little since it learnt.
   * @param only numbers of the items whose lists are wanted: others may be out of date, or empty; all where absent
   */
  refresh(data: TrainingData, only?: ReadonlySet<number>): ListModel;
}

/** What is blended: it need only learn. Its scale is that of its lists, where it says none. */
export type BlendedComponent = Pick<Component, 'name' | 'learn'> & { readonly scale?: number };

const NEIGHBOURS = 100;
/** EASE's time grows with the third power of the items. */
const EASE_ITEMS = 2000;
/** Lists of ALS take time with the square of the items. */
const ALS_ITEMS = 10_000;
/** What those say who took the least would take most of the time. */
const ALS_USERS = 50_000;

/** What takes seconds: it follows the shop closely. */
export function quickComponents({ texts }: TrainingData): Component[] {
  const found = [
    counted('bought-together', (only) => createItemKnn({ neighbours: NEIGHBOURS, only })),
    counted('item-knn', (only) =>
      createItemKnn({ rows: 'users', similarity: 'bm25', neighbours: NEIGHBOURS, only }),
    ),
  ];
  if (texts.some((text) => text !== undefined)) found.push(content());
  return found;
}

/** What takes longer. */
export function slowComponents(threads: number): Component[] {
  return [als(threads), kept('ease', () => createEase({ items: EASE_ITEMS, neighbours: NEIGHBOURS }))];
}

function als(threads: number): Component {
  const regularization = 10;
  let lists: AlsLists | undefined;
  return {
    name: 'als',
    learn(data, progress) {
      const recommender = createAls({ regularization, threads });
      const users = densest(data.users, ALS_ITEMS, ALS_USERS);
      recommender.fit({ ...data, users }, progress);
      lists = createAlsLists(recommender.model!, data, {
        regularization,
        neighbours: NEIGHBOURS,
        items: ALS_ITEMS,
      });
      return { ...listModel(lists.current()), usersLeftOut: data.users.rows - users.rows };
    },
    refresh: (data) => listModel(lists!.foldIn(data)),
  };
}

/** What is learnt of the same texts is the same. */
function content(): Component {
  const component = kept('content', () => createContent({ neighbours: NEIGHBOURS }));
  let last: { readonly texts: TrainingData['texts']; readonly model: ListModel } | undefined;
  return {
    ...component,
    learn(data, progress) {
      if (last?.texts !== data.texts) last = { texts: data.texts, model: component.learn(data, progress) };
      return last.model;
    },
  };
}

/** What was learnt elsewhere, and stays as it is. */
export function learntBefore(name: string, lists: NeighbourLists): Component {
  const refresh = ({ itemIds }: TrainingData) => listModel(renumber(lists, itemIds));
  return { name, learn: refresh, refresh };
}

/** What only counts can count for some items alone. */
function counted(
  name: string,
  create: (only?: ReadonlySet<number>) => ModelRecommender<ListModel>,
): Component {
  return {
    name,
    learn: (data, progress) => fitted(create(), data, progress),
    refresh: (data, only) => fitted(create(only), data),
  };
}

/** What cannot be brought up to date stays as it is. */
function kept(name: string, create: () => ModelRecommender<ListModel>): Component {
  let model: ListModel | undefined;
  return {
    name,
    learn(data, progress) {
      model = fitted(create(), data, progress);
      return model;
    },
    refresh: ({ itemIds }) => listModel(renumber(model!.lists, itemIds)),
  };
}

function fitted(
  recommender: ModelRecommender<ListModel>,
  data: TrainingData,
  progress?: Progress,
): ListModel {
  recommender.fit(data, progress);
  return recommender.model!;
}
