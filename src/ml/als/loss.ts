import { type SparseRows } from '../matrix.ts';
import { type Factors } from './factorise.ts';
import { gramOf } from './fold-in.ts';

/**
 * What `factorise` minimises, exactly: Σ c (p − x · y)² + λ (Σ x² + Σ y²) over all pairs. The pairs without interaction are
 * not gone through: Σ (x · y)² over all pairs is the sum of the products of the numbers of XᵀX and YᵀY.
 */
export function loss(
  { rows, starts, items, weights }: SparseRows,
  { users: X, items: Y, factors }: Factors,
  regularization: number,
  alpha: number,
): number {
  const [ofUsers, ofItems] = [gramOf(X, factors), gramOf(Y, factors)];
  let sum = 0;
  for (let i = 0; i < ofUsers.length; i += 1) sum += ofUsers[i]! * ofItems[i]!;
  for (let i = 0; i < factors; i += 1) {
    sum += regularization * (ofUsers[i * factors + i]! + ofItems[i * factors + i]!);
  }
  for (let row = 0; row < rows; row += 1) {
    for (let at = starts[row]!; at < starts[row + 1]!; at += 1) {
      let product = 0;
      for (let k = 0; k < factors; k += 1) product += X[row * factors + k]! * Y[items[at]! * factors + k]!;
      sum += (1 + alpha * weights[at]!) * (1 - product) ** 2 - product ** 2;
    }
  }
  return sum;
}
