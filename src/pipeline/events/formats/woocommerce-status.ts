import { statusReader } from './orders.ts';

const statusOf = statusReader({
  paid: ['processing', 'completed'],
  pending: ['pending', 'pending payment', 'on-hold', 'on hold', 'failed', 'checkout-draft', 'draft', 'trash'],
  refunded: ['refunded'],
  cancelled: ['cancelled', 'canceled'],
});

/** What became of an order of WooCommerce. */
export function woocommerceStatus(status: unknown): unknown {
  return statusOf(typeof status === 'string' ? status.replace(/^wc-/, '') : status);
}
