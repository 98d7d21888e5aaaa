import { faker } from '@faker-js/faker/locale/en';
import { DEPARTMENTS, type Department, STYLES } from './departments.ts';
import { createSampler, hashText, Random, type Sampler } from './random.ts';

/** A product of the simulated shop. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly brand: string;
  /** Index into `Catalogue.categories`. */
  readonly category: number;
  /** Index into `STYLES`. */
  readonly style: number;
  /** In 1/100 of the currency unit; it never changes. */
  readonly cents: number;
  /** Share of all interest, if all shoppers were average. */
  readonly popularity: number;
  /** Products that are often bought along with it, as indexes into `Catalogue.products`. */
  readonly companions: readonly number[];
}

/** Something that shoppers search for. */
export interface Query {
  readonly text: string;
  /** Number of products that the shop says it has found. */
  readonly results: number;
}

export interface Category {
  readonly name: string;
  /** Sum of its products' popularity. */
  readonly popularity: number;
  /** The most popular first. */
  readonly queries: readonly Query[];
}

/** The assortment, fixed by seed and size. */
export interface Catalogue {
  readonly products: readonly Product[];
  readonly categories: readonly Category[];
  /** Draws a category by popularity. */
  drawCategory(uniform: number): number;
  /** Draws a product of a category by popularity; of any style where `style` is undefined or the category has none of it. */
  drawProduct(uniform: number, category: number, style?: number): number;
}

/** Shifts Zipf's law (Mandelbrot) so that the best-seller has 4 % of the interest in 2 000 products, not 12 %. */
const POPULARITY_SHIFT = 3;
const BRANDS_PER_STYLE = 15;
const COMPANIONS = 3;
/** Endings of prices, in cents. */
const ENDINGS = [99, 99, 99, 95, 90, 49, 0] as const;

type Draft = { -readonly [K in keyof Product]: Product[K] };

/**
 * Builds the assortment: `size` products in 20 categories, popularity by Zipf's law over the whole shop, log-normal prices by
 * category and style.
 * @param size at least one
 */
export function createCatalogue(seed: string, size: number): Catalogue {
  const random = new Random(`${seed}/catalogue`);
  faker.seed(hashText(seed, 4));
  const products = draftProducts(random, size);
  const weights = products.map((product) => product.popularity);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const product of products) product.popularity /= total;
  const drawProduct = productSampler(products);
  for (const product of products) product.companions = drawCompanions(random, product, drawProduct, products);
  const popularity = DEPARTMENTS.map((_, category) =>
    products.reduce((sum, product) => (product.category === category ? sum + product.popularity : sum), 0),
  );
  const drawCategory = createSampler(popularity);
  return {
    products,
    categories: DEPARTMENTS.map((department, category) => ({
      name: department.name,
      popularity: popularity[category]!,
      queries: draftQueries(
        random,
        department,
        products.filter((product) => product.category === category),
      ),
    })),
    drawCategory: drawCategory.draw,
    drawProduct,
  };
}

function draftProducts(random: Random, size: number): Draft[] {
  const brands = draftBrands();
  const drawStyle = createSampler(STYLES.map((style) => style.share));
  const ranks = shuffled(random, size);
  const taken = new Set<string>();
  return Array.from({ length: size }, (_, index) => {
    const category = index % DEPARTMENTS.length;
    const department = DEPARTMENTS[category]!;
    const style = drawStyle.draw(random.next());
    return {
      id: `p${String(index + 1).padStart(4, '0')}`,
      name: draftName(department, taken),
      brand: brands[style * BRANDS_PER_STYLE + ((category * 5 + random.below(4)) % BRANDS_PER_STYLE)]!,
      category,
      style,
      cents: draftPrice(random, department, STYLES[style]!.priceFactor),
      popularity: 1 / (ranks[index]! + 1 + POPULARITY_SHIFT),
      companions: [],
    };
  });
}

function draftBrands(): string[] {
  const brands = new Set<string>();
  while (brands.size < STYLES.length * BRANDS_PER_STYLE) brands.add(faker.person.lastName());
  return [...brands];
}

/** A name that no other product has: the more products, the longer. */
function draftName(department: Department, taken: Set<string>): string {
  const noun = faker.helpers.arrayElement(department.nouns);
  const adjective = faker.commerce.productAdjective();
  const colour = faker.color.human().replace(/^./, (letter) => letter.toUpperCase());
  const candidates = [`${adjective} ${noun}`, `${adjective} ${colour} ${noun}`];
  const name = candidates.find((candidate) => !taken.has(candidate)) ?? `${candidates[1]} ${taken.size}`;
  taken.add(name);
  return name;
}

function draftPrice(random: Random, department: Department, factor: number): number {
  // Rounded, because the last bit of an exponential differs between engines.
  const deviation = Math.round(1e6 * Math.exp(department.spread * random.normal())) / 1e6;
  const price = department.median * factor * deviation;
  return Math.max(99, Math.floor(price) * 100 + random.pick(ENDINGS));
}

/** The numbers from 0 to `size` − 1 in random order (Fisher and Yates). */
function shuffled(random: Random, size: number): Uint32Array {
  const numbers = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i -= 1) {
    const other = random.below(i + 1);
    const number = numbers[i]!;
    numbers[i] = numbers[other]!;
    numbers[other] = number;
  }
  return numbers;
}

function productSampler(products: readonly Product[]): Catalogue['drawProduct'] {
  const styles = STYLES.length + 1; // the last one is "any"
  const shelves = Array.from({ length: DEPARTMENTS.length * styles }, (): number[] => []);
  products.forEach((product, index) => {
    shelves[product.category * styles + product.style]!.push(index);
    shelves[product.category * styles + STYLES.length]!.push(index);
  });
  const samplers = shelves.map((shelf): Sampler | undefined =>
    shelf.length === 0 ? undefined : createSampler(shelf.map((index) => products[index]!.popularity)),
  );
  return (uniform, category, style = STYLES.length) => {
    const wanted = category * styles + style;
    const shelf = samplers[wanted] === undefined ? category * styles + STYLES.length : wanted;
    return shelves[shelf]![samplers[shelf]!.draw(uniform)]!;
  };
}

/** One companion of its own category, the others of the category that goes with it, all of the product's style if possible. */
function drawCompanions(
  random: Random,
  product: Product,
  drawProduct: Catalogue['drawProduct'],
  products: readonly Product[],
): number[] {
  const own = product.category;
  const partner = DEPARTMENTS.findIndex(({ name }) => name === DEPARTMENTS[own]!.partner);
  const companions = new Set<number>();
  for (let tries = 0; companions.size < COMPANIONS && tries < 20; tries += 1) {
    const index = drawProduct(random.next(), companions.size === 0 ? own : partner, product.style);
    if (products[index] !== product) companions.add(index);
  }
  return [...companions];
}

/** What people type when they look for a category: its name, its goods, its brands, and what the shop hardly has. */
function draftQueries(random: Random, department: Department, products: readonly Product[]): Query[] {
  const found = (word: string): number => {
    return products.filter(({ name, brand }) => name.includes(word) || brand === word).length;
  };
  const queries: Query[] = [{ text: department.name.toLowerCase(), results: products.length }];
  for (const noun of department.nouns) {
    const rare = `${faker.color.human()} ${noun.toLowerCase()}`;
    queries.push({ text: noun.toLowerCase(), results: found(noun) });
    queries.push({ text: rare, results: random.below(3) });
  }
  for (const brand of new Set(products.slice(0, 20).map((product) => product.brand))) {
    queries.push({ text: brand.toLowerCase(), results: found(brand) });
  }
  const misspelt = department.name.toLowerCase().replace(/(.)(.)$/, '$2$1');
  queries.push({ text: misspelt, results: 0 });
  return queries;
}
