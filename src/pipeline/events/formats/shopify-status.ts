import { firstOf } from './format.ts';
import { statusReader } from './orders.ts';

const statusOf = statusReader({
  paid: ['paid', 'partially_refunded', 'partially refunded'],
  pending: ['pending', 'authorized', 'unpaid', 'partially_paid', 'partially paid', 'voided', 'expired'],
  refunded: ['refunded'],
  cancelled: ['cancelled'],
});

/**
 * What became of an order of Shopify. One that was called off does not count, unless its money was paid back, which counts as such.
 * @param financial its financial status @param cancelledAt when it was called off
 */
export function shopifyStatus(financial: unknown, cancelledAt: unknown): unknown {
  const status = statusOf(financial);
  const isOff = firstOf(cancelledAt) !== undefined && (status === 'paid' || status === 'pending');
  return isOff ? 'cancelled' : status;
}
