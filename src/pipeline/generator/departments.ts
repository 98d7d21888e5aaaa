/** What a category of the simulated shop sells. */
export interface Department {
  readonly name: string;
  /** Median price, in currency units. */
  readonly median: number;
  /** Deviation of the logarithm of the price. */
  readonly spread: number;
  readonly nouns: readonly string[];
  /** The category whose products are bought along with these. */
  readonly partner: string;
}

/** The categories of the simulated shop. */
export const DEPARTMENTS: readonly Department[] = [
  department(
    'Laptops',
    899,
    0.45,
    'Laptop Bags',
    'Ultrabook|Gaming Laptop|Notebook|Workstation|Chromebook|2-in-1 Laptop',
  ),
  department(
    'Laptop Bags',
    39,
    0.4,
    'Laptops',
    'Laptop Sleeve|Messenger Bag|Laptop Backpack|Briefcase|Tech Organiser|Cable Pouch',
  ),
  department(
    'Phones',
    499,
    0.5,
    'Phone Accessories',
    'Smartphone|Phone|Foldable Phone|Rugged Phone|Compact Phone',
  ),
  department(
    'Phone Accessories',
    19,
    0.5,
    'Phones',
    'Phone Case|Screen Protector|Charger|Power Bank|Charging Cable|Car Mount|Wireless Pad',
  ),
  department(
    'Audio',
    89,
    0.7,
    'Phones',
    'Headphones|Earbuds|Bluetooth Speaker|Soundbar|Turntable|Microphone|Radio',
  ),
  department(
    'Cameras',
    429,
    0.6,
    'Laptop Bags',
    'Mirrorless Camera|Action Camera|Zoom Lens|Prime Lens|Tripod|Camera Strap|Drone',
  ),
  department('Women', 45, 0.5, 'Shoes', 'Dress|Blouse|Cardigan|Skirt|Jeans|Coat|Jumpsuit|Top|Blazer'),
  department('Men', 42, 0.5, 'Shoes', 'Shirt|Chinos|Jeans|Sweater|Jacket|Polo Shirt|Suit|Hoodie|Overshirt'),
  department(
    'Kids',
    22,
    0.45,
    'Toys',
    'Romper|Bodysuit|Leggings|Rain Jacket|Pyjamas|Dungarees|T-Shirt|Snowsuit',
  ),
  department(
    'Shoes',
    75,
    0.45,
    'Women',
    'Sneakers|Boots|Sandals|Loafers|Running Shoes|Heels|Slippers|Ankle Boots',
  ),
  department('Jewellery', 65, 0.8, 'Women', 'Necklace|Earrings|Bracelet|Ring|Watch|Pendant|Brooch|Cufflinks'),
  department(
    'Beauty',
    18,
    0.55,
    'Health',
    'Face Cream|Serum|Lipstick|Mascara|Shampoo|Perfume|Hand Cream|Face Mask|Sunscreen',
  ),
  department(
    'Health',
    16,
    0.5,
    'Sports',
    'Vitamins|Protein Powder|Massage Roller|Toothbrush|Herbal Tea|Thermometer|Heating Pad',
  ),
  department(
    'Sports',
    38,
    0.7,
    'Outdoor',
    'Yoga Mat|Dumbbells|Football|Tennis Racket|Swim Goggles|Kettlebell|Resistance Band|Helmet',
  ),
  department(
    'Outdoor',
    85,
    0.7,
    'Sports',
    'Tent|Sleeping Bag|Hiking Backpack|Headlamp|Camping Stove|Water Bottle|Fleece|Cool Box',
  ),
  department(
    'Kitchen',
    34,
    0.65,
    'Grocery',
    "Frying Pan|Chef's Knife|Kettle|Coffee Maker|Mixing Bowl|Cutting Board|Casserole|Wine Glasses|Mug",
  ),
  department(
    'Furniture',
    219,
    0.6,
    'Home',
    'Armchair|Desk|Bookshelf|Sofa|Bed Frame|Side Table|Wardrobe|Office Chair|Sideboard',
  ),
  department(
    'Home',
    28,
    0.6,
    'Furniture',
    'Cushion|Rug|Table Lamp|Candle|Vase|Curtains|Bed Linen|Mirror|Storage Basket|Blanket',
  ),
  department(
    'Toys',
    26,
    0.6,
    'Kids',
    "Building Blocks|Puzzle|Plush Bear|Board Game|Train Set|Doll's House|Kite|Model Car",
  ),
  department(
    'Grocery',
    7,
    0.45,
    'Kitchen',
    'Olive Oil|Coffee Beans|Dark Chocolate|Pasta|Honey|Granola|Green Tea|Almonds|Tomato Sauce',
  ),
];

function department(
  name: string,
  median: number,
  spread: number,
  partner: string,
  nouns: string,
): Department {
  return { name, median, spread, partner, nouns: nouns.split('|') };
}

/** The style of a product, and of a shopper: what makes tastes reach across categories. */
export interface Style {
  readonly name: string;
  /** Multiple of the category's usual price. */
  readonly priceFactor: number;
  /** Share of the assortment. */
  readonly share: number;
}

export const STYLES: readonly Style[] = [
  { name: 'classic', priceFactor: 1, share: 0.4 },
  { name: 'value', priceFactor: 0.6, share: 0.25 },
  { name: 'natural', priceFactor: 1.15, share: 0.2 },
  { name: 'premium', priceFactor: 1.9, share: 0.15 },
];
