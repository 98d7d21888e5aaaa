/** What shops call the states of an order, in lower case and without signs, and what they are here. */
const STATUS_OF: Readonly<Record<string, string>> = {
  paid: 'paid',
  complete: 'paid',
  completed: 'paid',
  processing: 'paid',
  shipped: 'paid',
  fulfilled: 'paid',
  delivered: 'paid',
  closed: 'paid',
  partiallyrefunded: 'paid',
  pending: 'pending',
  pendingpayment: 'pending',
  onhold: 'pending',
  holded: 'pending',
  unpaid: 'pending',
  open: 'pending',
  new: 'pending',
  authorized: 'pending',
  cancelled: 'cancelled',
  canceled: 'cancelled',
  voided: 'cancelled',
  failed: 'cancelled',
  expired: 'cancelled',
  refunded: 'refunded',
  returned: 'refunded',
};

/** The status that a word stands for; `undefined` for a word that is not known. */
export function statusOf(text: string): string | undefined {
  return STATUS_OF[text.toLowerCase().replace(/[\s_.-]/g, '')];
}
