import { type LiveStore } from './live-store.ts';

/** Whether messages between shoppers wait to be taken: the numbers are not whole yet then. */
export async function messagesWait(live: Pick<LiveStore, 'inboxes'>, partitions: number): Promise<boolean> {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return [...(await live.inboxes(all)).values()].some(({ messages }) => messages.length > 0);
}
