import { FAR, family, MODIFIER_OFFSET, rarelySql, type ValueFamily, type ValueNeed } from './draw.ts';

/** Largest values of the types that hold whole numbers. */
const LARGEST: Readonly<Record<string, number>> = {
  int2: 32_767,
  int4: 2_147_483_647,
  int8: FAR,
  oid: 2_147_483_647,
};
/** `numeric(p, s)` holds both in one number (src/backend/utils/adt/numeric.c). */
const PRECISION_SHIFT = 16;
const SCALE_MASK = 0x7_ff;
const SCALE_SIGN = 0x4_00;
const UNLIMITED = { precision: 30, scale: 2 } as const;
/** Digits that a bigint surely holds. */
const BIGINT_DIGITS = 15;
const FRACTION_DIGITS = 6;
const MILLION = 1_000_000;

/** Whole numbers; undefined for a type that holds something else. */
export function integerFamilies({ column }: ValueNeed): readonly ValueFamily[] | undefined {
  const largest = LARGEST[column.base];
  if (largest === undefined) return undefined;
  const plain = family('plain', largest, (i) => i);
  // Some do not fit into four bytes.
  const some_large = family(
    'some large',
    FAR,
    (i) => `CASE WHEN ${rarelySql(i)} THEN 5000000000 + ${i} ELSE ${i} END`,
  );
  // As counts do, and far enough from the largest that sums of them fit.
  const some_beyond_two_bytes = family(
    'some beyond two bytes',
    MILLION,
    (i) => `CASE WHEN ${rarelySql(i)} THEN ${MILLION} + ${i} ELSE ${i} END`,
  );
  return [
    ...(column.base === 'int8' ? [some_large] : []),
    ...(column.base === 'int4' ? [some_beyond_two_bytes] : []),
    plain,
    ...[32_767, 1000, 100, 10, 5].map((size) => upTo(size)),
    family('zero or one', 2, (i) => `(${i} - 1) % 2`),
    family('below zero', largest, (i) => `-${i}`),
    family('zero', 1, () => '0'),
  ];
}

/** Amounts, some of them with every digit that fits. */
export function numericFamilies({ column }: ValueNeed): readonly ValueFamily[] {
  const { precision, scale } = numericLimits(column.modifier);
  const whole = Math.max(0, precision - scale);
  const below_one = family('below one', 999, (i) => `(${i} % 1000) / 1000.0`);
  const zero = family('zero', 1, () => '0');
  if (whole === 0) return [below_one, zero];
  const digits = Math.min(whole, BIGINT_DIGITS);
  const distinct = 10 ** digits - 1;
  const largest = `${'9'.repeat(whole)}${scale > 0 ? `.${'9'.repeat(scale)}` : ''}`;
  const unit = 10 ** Math.min(Math.max(0, scale), FRACTION_DIGITS);
  const count = (i: string): string => `(${i} % ${10 ** digits})::numeric`;
  const amount = (i: string): string =>
    unit === 1 ? count(i) : `${count(i)} + (${i} % ${unit}) / ${unit}::numeric`;
  return [
    family('amounts', distinct, (i) => `CASE WHEN ${rarelySql(i)} THEN ${largest} ELSE ${amount(i)} END`),
    family('plain', distinct, (i) => `${i} % ${10 ** digits}`),
    below_one,
    ...(digits > 2 ? [upTo(100)] : []),
    upTo(5),
    family('below zero', distinct, (i) => `-(${i} % ${10 ** digits})`),
    zero,
  ];
}

function numericLimits(modifier: number): { readonly precision: number; readonly scale: number } {
  const packed = modifier - MODIFIER_OFFSET;
  if (packed < 0) return UNLIMITED;
  return {
    precision: (packed >> PRECISION_SHIFT) & 0xff_ff,
    // It may be negative: numeric(5, -3) counts thousands.
    scale: ((packed & SCALE_MASK) ^ SCALE_SIGN) - SCALE_SIGN,
  };
}

function upTo(size: number): ValueFamily {
  return family(`1 to ${size}`, size, (i) => `(${i} - 1) % ${size} + 1`);
}
