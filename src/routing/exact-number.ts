/** A finite number by its digits: `digits` × 10^`exponent`, with no zero at its end. */
type Decimal = { readonly digits: bigint; readonly exponent: number };

/** Anything that Postgres orders as a number: what it prints of one, or what JavaScript does. */
export type ExactNumber = Decimal | 'NaN' | 'Infinity' | '-Infinity';

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,6}))?$/i;

/** null where the text is no number. */
export function exactNumber(text: string): ExactNumber | null {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return text;
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const [, minus, whole, fraction = '', exponent = '0'] = match;
  const significant = `${whole}${fraction}`.replace(/0+$/, '');
  const dropped = whole!.length + fraction.length - significant.length;
  const digits = BigInt(`${minus === '-' ? '-' : ''}${significant || '0'}`);
  if (digits === 0n) return { digits, exponent: 0 };
  return { digits, exponent: Number(exponent) - fraction.length + dropped };
}

/** As Postgres orders them: NaN is equal to itself and greater than all else. */
export function compareNumbers(a: ExactNumber, b: ExactNumber): number {
  if (typeof a === 'string' || typeof b === 'string') return rank(a) - rank(b);
  const signA = sign(a);
  const signB = sign(b);
  if (signA !== signB) return signA - signB;
  // By magnitude first: numbers far apart are not written out to the same exponent.
  const magnitude = orderOf(a) - orderOf(b);
  if (magnitude !== 0) return magnitude * signA;
  const exponent = Math.min(a.exponent, b.exponent);
  const difference = scaled(a, exponent) - scaled(b, exponent);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

function rank(number: ExactNumber): number {
  if (typeof number !== 'string') return 0;
  return { '-Infinity': -1, Infinity: 1, NaN: 2 }[number];
}

function sign({ digits }: Decimal): number {
  return digits === 0n ? 0 : digits < 0n ? -1 : 1;
}

/** Where its first digit stands. */
function orderOf({ digits, exponent }: Decimal): number {
  const text = String(digits);
  return (digits < 0n ? text.length - 1 : text.length) + exponent;
}

function scaled({ digits, exponent }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(exponent - to);
}
