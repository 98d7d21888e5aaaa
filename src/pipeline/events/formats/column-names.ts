/** A field of an event that a column may hold, and two that a map knows under other names. */
export type ProposedField =
  | 'type'
  | 'time'
  | 'orderId'
  | 'userId'
  | 'sessionId'
  | 'productId'
  | 'name'
  | 'category'
  | 'brand'
  | 'price'
  | 'lineTotal'
  | 'quantity'
  | 'currency'
  | 'country'
  | 'userAgent'
  | 'status'
  | 'revenue'
  | 'total'
  | 'tax'
  | 'shipping'
  | 'discount';

const TEXTS: readonly (readonly [ProposedField, string])[] = [
  [
    'time',
    `createdat orderdate invoicedate purchasedate dateordered datecreated saledate createddateutc timestamp datetime eventtime
    bestelldatum rechnungsdatum auftragsdatum datedecommande datecommande fechadepedido fechapedido 注文日時 注文日 購入日 created date
    time when paidat processedat datum fecha data 日付`,
  ],
  [
    'orderId',
    `orderid ordernumber orderno amazonorderid invoiceno invoicenumber saleid transactionid receiptno receiptid receipt order invoice
    bestellnummer bestellnr auftragsnummer auftrag belegnr numerodecommande ncommande nocommande commande bon numerodepedido npedido nopedido pedido
    注文番号 注文id orderreference reference number paymentintentid id`,
  ],
  [
    'userId',
    `customerid customeremail userid buyerid buyeruserid clientid visitorid customerno customeruserid emailaddress email customer user
    buyer buyerusername client kundennummer kundennr kunde courriel correo cliente 顧客番号 顧客id メールアドレス`,
  ],
  ['sessionId', 'sessionid usersession session'],
  [
    'productId',
    `sku variantsku lineitemsku productsku productid itemid itemsku itemcode itemnumber customlabel stockcode articleno articlenumber
    articleid asin artikelnummer artikelnr referenceproduit refproduit article product item artikel produit producto 商品コード 商品番号
    商品id`,
  ],
  [
    'name',
    `productname productitle lineitemname itemname itemtitle title description name label bezeichnung artikelname artikelbezeichnung titel
    designation nomduproduit nombredelproducto 商品名`,
  ],
  [
    'category',
    'category productcategory producttype itemcategory kategorie warengruppe categorie categoria カテゴリ',
  ],
  ['brand', 'brand vendor manufacturer marke hersteller marque marca ブランド'],
  [
    'price',
    `unitprice lineitemprice itemprice productprice priceperunit soldfor price einzelpreis stückpreis preis preciounitario precio
    prixunitaire prix 単価 価格`,
  ],
  [
    'lineTotal',
    `linetotal lineamount itemtotal rowtotal lineprice extendedprice itemrevenue grosssales amount gesamtpreis betrag summe umsatz
    montant importe 金額`,
  ],
  [
    'quantity',
    `quantity qty lineitemquantity itemquantity quantitypurchased quantityordered pieces units count menge anzahl stück stk quantite
    qte cantidad 数量 個数`,
  ],
  [
    'currency',
    'currency currencycode currencyisocode ordercurrency ordercurrencycode währung devise moneda 通貨',
  ],
  ['type', 'eventtype eventname event type action'],
  ['userAgent', 'useragent browseruseragent customeruseragent clientuseragent useragentstring httpuseragent'],
  ['country', 'country shippingcountry billingcountry shipcountry countrycode land pays pais 国'],
  [
    'status',
    `financialstatus paymentstatus orderstatus orderstate status state bestellstatus zahlungsstatus auftragsstatus statut etat estado
    注文ステータス ステータス 状態`,
  ],
  [
    'revenue',
    'subtotal subtotalprice ordersubtotal subtotalextax nettotal zwischensumme nettobetrag soustotal totalht 小計 nrevenue netsales',
  ],
  [
    'total',
    `ordertotal totalprice grandtotal ordertotalinctax ordervalue totalpaid amounttotal total gesamtsumme gesamtbetrag bestellwert gesamt montanttotal
    totalttc importetotal 注文合計 合計金額 合計`,
  ],
  ['tax', 'totaltax taxtotal taxamount ordertax salestax taxes tax mwst ust steuer tva iva 消費税'],
  [
    'shipping',
    `shippingtotal shippingamount shippingcost shippingcostextax ordershipping shipping versandkosten versand fraisdeport livraison
    gastosdeenvio envio 送料`,
  ],
  [
    'discount',
    'totaldiscounts discounttotal discountamount orderdiscount discount discounts rabatt remise descuento 割引',
  ],
];

/** What people call a column, by field, simplified; the more telling names come first. */
export const COLUMN_NAMES: readonly (readonly [ProposedField, readonly string[]])[] = TEXTS.map(
  ([field, names]) => [field, names.split(/\s+/).map(simplified)],
);

/** A name without regard to case, spaces, signs and accents. */
export function simplified(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\d]/gu, '');
}

/** What types of event are called. */
export const TYPE_NAMES: Readonly<Record<string, string>> = {
  view: 'view_item',
  pageview: 'page_view',
  cart: 'add_to_cart',
  addtocart: 'add_to_cart',
  removefromcart: 'remove_from_cart',
  checkout: 'begin_checkout',
  sale: 'purchase',
  order: 'purchase',
  buy: 'purchase',
  transaction: 'purchase',
  payment: 'purchase',
  charge: 'purchase',
  return: 'refund',
  returned: 'refund',
};

/** Columns that say what was paid back, which no row of a table can say of a part. */
export const PAID_BACK = /refund|erstatt|rembours|reembols|返金/i;
