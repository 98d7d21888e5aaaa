import { type EventType } from '../shop-event.ts';
import { epochMs } from '../time.ts';
import {
  firstOf,
  type JsonFormat,
  list,
  noId,
  notOfAShop,
  type Outcome,
  object,
  ofPart,
  type RawEvent,
  sharedFaultIn,
  tooManyEvents,
  units,
} from './format.ts';
import { KeptProperties, pathOf } from './kept.ts';
import { type Fields, idOf } from './orders.ts';

/**
 * Matomo's visits with their actions, a visit a line, as `Live.getLastVisitsDetails` gives them.
 * Source: https://developer.matomo.org/api-reference/reporting-api (Live)
 */
export const matomo: JsonFormat = {
  name: 'matomo',
  layout: 'json',
  recognises: (value) => Array.isArray(value.actionDetails) && ('idVisit' in value || 'visitorId' in value),
  read: (value) => {
    const visit = object(value);
    const actions = list(visit.actionDetails);
    const shared = sharedOf(visit);
    const fault =
      tooManyEvents(actions.length) ?? sharedFaultIn({ ...shared, ...shared.properties, properties: '' });
    if (fault !== undefined) return [fault];
    return actions.map((action, place) => ofPart(action, readAction(object(action), place, visit, shared)));
  },
};

type Shared = Pick<RawEvent, 'userId' | 'anonymousId' | 'sessionId'> & {
  readonly properties: ReturnType<KeptProperties['all']>;
};

function sharedOf(visit: Fields): Shared {
  const kept = new KeptProperties();
  kept.add('country', visit.country);
  kept.add('region', visit.region);
  kept.add('city', visit.city);
  kept.add('device', visit.deviceType);
  kept.add('os', visit.operatingSystemName);
  kept.add('browser', visit.browserName);
  kept.add('language', visit.languageCode);
  kept.add('user_agent', firstOf(visit.userAgent, visit.user_agent));
  kept.add('source', firstOf(visit.campaignSource, visit.referrerName));
  kept.add('medium', firstOf(visit.campaignMedium, visit.referrerType));
  kept.add('campaign', visit.campaignName);
  return {
    userId: visit.userId,
    anonymousId: visit.visitorId,
    sessionId: visit.idVisit,
    properties: kept.all(),
  };
}

function readAction(action: Fields, place: number, visit: Fields, shared: Shared): Outcome {
  const type = typeOf(action);
  if (type === undefined) return notOfAShop(action.type);
  const result: RawEvent = {
    ...shared,
    type,
    time: epochMs(firstOf(action.timestamp, visit.serverTimestamp)),
    ...idOf('matomo', visit.idSite, visit.idVisit, place, action.type, action.timestamp),
  };
  if (type === 'search') result.query = action.siteSearchKeyword;
  if (type === 'view_item') result.items = [viewedItem(action)];
  if (type === 'purchase' || type === 'add_to_cart') readCart(action, visit, result);
  const path = pathOf(action.url);
  if (path !== undefined) result.properties = { ...shared.properties, path };
  return result;
}

/** What was left in a cart was put into it. */
const TYPE_OF: ReadonlyMap<unknown, EventType> = new Map<unknown, EventType>([
  ['action', 'page_view'],
  ['search', 'search'],
  ['ecommerceOrder', 'purchase'],
  ['ecommerceAbandonedCart', 'add_to_cart'],
]);

function typeOf(action: Fields): EventType | undefined {
  const type = TYPE_OF.get(action.type);
  const isProduct = firstOf(action.productViewSku, action.productViewName) !== undefined;
  return type === 'page_view' && isProduct ? 'view_item' : type;
}

function viewedItem(action: Fields): Fields {
  return {
    productId: firstOf(action.productViewSku, action.productViewName),
    name: action.productViewName,
    category: categoryOf(firstOf(action.productViewCategory1, action.productViewCategories)),
    price: action.productViewPrice,
  };
}

function readCart(action: Fields, visit: Fields, result: RawEvent): void {
  result.currency = firstOf(action.currency, visit.siteCurrency);
  result.items = list(action.itemDetails).map((detail) => {
    const item = object(detail);
    return {
      productId: firstOf(item.itemSKU, item.itemName) ?? noId(item.price),
      name: item.itemName,
      category: categoryOf(firstOf(item.itemCategory, item.categories)),
      price: item.price,
      quantity: units(item.quantity),
    };
  });
  if (result.type !== 'purchase') return;
  result.orderId = action.orderId;
  result.revenue = said(action.revenueSubTotal);
  result.total = said(action.revenue);
  result.tax = said(action.revenueTax);
  result.shipping = said(action.revenueShipping);
  result.discount = said(action.revenueDiscount);
}

/** Matomo writes `false` for what nobody said. */
function said(value: unknown): unknown {
  return value === false ? undefined : value;
}

/** A product may have several: the first counts. */
function categoryOf(categories: unknown): unknown {
  return Array.isArray(categories) ? categories[0] : categories;
}
