import { type EventColumns, TEXT } from '../events/columns.ts';
import { type Names } from './names.ts';

/** Most devices whose user is remembered. */
const DEVICES = 100_000;

/** Whom each device was linked to last: what was done on it is that user's interest. */
export class LastLinks {
  /** By the device's key, the one that was noted last at the end. */
  private readonly links = new Map<string, { readonly user: string; readonly time: number }>();

  /** Notes an event that has a user id and an anonymous id. */
  note(columns: EventColumns, row: number): void {
    const device = `a:${columns.text(row, TEXT.anonymousId)}`;
    const [user, time] = [`u:${columns.text(row, TEXT.userId)}`, columns.time(row)];
    const known = this.links.get(device);
    if (known !== undefined && known.time > time) return;
    this.links.delete(device);
    this.links.set(device, { user, time });
    if (this.links.size > DEVICES) this.links.delete(this.links.keys().next().value!);
  }

  /** The numbers of those who acted, with a user's for that of a device, where the user has acted too. */
  joined(shoppers: Uint32Array<ArrayBuffer>, names: Names): Uint32Array<ArrayBuffer> {
    if (this.links.size === 0) return shoppers;
    const numbers = Uint32Array.from({ length: names.end }, (_, number) => number);
    for (const [device, { user }] of this.links) {
      const [from, to] = [numberOf(names, device), numberOf(names, user)];
      if (from >= 0 && to >= 0) numbers[from] = to;
    }
    return shoppers.map((shopper) => numbers[shopper]!);
  }
}

function numberOf(names: Names, key: string): number {
  const bytes = Buffer.from(key);
  return names.find(bytes, 0, bytes.length);
}
