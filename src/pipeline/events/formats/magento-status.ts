import { statusReader } from './orders.ts';

/** What became of an order of Magento, by the code of its state or status, or by the name that its administration shows. */
export const magentoStatus = statusReader({
  paid: ['processing', 'complete'],
  pending: [
    ...['new', 'pending', 'pending_payment', 'payment_review', 'pending_paypal', 'holded', 'fraud'],
    ...['pending payment', 'payment review', 'pending paypal', 'on hold', 'suspected fraud'],
  ],
  refunded: ['closed'],
  cancelled: ['canceled'],
});
