import { literal } from '../../ask.ts';
import {
  FAR,
  family,
  hashSql,
  MODIFIER_OFFSET,
  rarelySql,
  type ValueFamily,
  type ValueNeed,
  wordSql,
} from './draw.ts';

const LONGEST_TEXT = 2000;
const NAME_CHARS = 63;
/** Below this a text has no room for words. */
const ROOM_FOR_WORDS = 32;
/** Letters of more than one byte, which lengths in bytes and in characters tell apart. */
const FOREIGN = literal('Żółć 日本 🙂 ');
const HEX_DIGITS = 16;
const NUMBER_CHARS = 12;
/** Digits of a number in letters alone. */
const IN_LETTERS = `'0123456789', 'ghijklmnop'`;

interface Lengths {
  /** Characters that fit. */
  readonly limit: number;
  readonly longest: number;
}

/** Names, addresses and words of a text column, by its name and its length. */
export function textFamilies(need: ValueNeed): readonly ValueFamily[] {
  const { column, salt } = need;
  const lengths = lengthsOf(need);
  const { limit } = lengths;
  const name = column.name.toLowerCase();
  const short = family(
    'short',
    distinctIn(limit, HEX_DIGITS),
    // The number comes first, so that a value that is cut off is still another one.
    (i) => `left(to_hex(${i}) || '-' || ${wordSql(i, salt)}, ${limit})`,
  );
  const usual = limit >= ROOM_FOR_WORDS ? [words(salt, lengths), short] : [short];
  const mail = limit >= 28 ? [email(salt, lengths)] : [];
  const link = limit >= 44 ? [url(salt, lengths)] : [];
  const others = otherFamilies(salt, limit);
  if (/e_?mail/.test(name)) return [...mail, ...usual, ...link, ...others];
  if (/ur[il]|link|href/.test(name)) return [...link, ...usual, ...mail, ...others];
  return [...usual, ...mail, ...link, ...others];
}

function lengthsOf({ column, longest }: ValueNeed): Lengths {
  const declared = column.modifier > MODIFIER_OFFSET ? column.modifier - MODIFIER_OFFSET : undefined;
  const limit = column.base === 'name' ? NAME_CHARS : (declared ?? FAR);
  return { limit, longest: Math.min(limit, longest ?? declared ?? LONGEST_TEXT) };
}

function distinctIn(chars: number, digits: number): number {
  return Math.min(FAR, digits ** chars - 1);
}

function words(salt: number, { longest }: Lengths): ValueFamily {
  return family('words', FAR, (i) => {
    const plain = `${wordSql(i, salt)} || ' ' || ${wordSql(i, salt, 1)} || ' ' || to_hex(${i})`;
    const foreign = `CASE WHEN ${hashSql(i, salt)} >> 8 & 63 = 5 THEN ${FOREIGN} ELSE '' END || ${plain}`;
    return `CASE WHEN ${rarelySql(i)} THEN rpad(${plain} || ' ', ${longest}, 'longest ') ELSE ${foreign} END`;
  });
}

function email(salt: number, { longest }: Lengths): ValueFamily {
  const host = '@example.org';
  return family('email', FAR, (i) => {
    const person = `${wordSql(i, salt)} || '.' || to_hex(${i})`;
    const padded = `rpad(${person} || '.', ${longest - host.length}, 'longest')`;
    return `CASE WHEN ${rarelySql(i)} THEN ${padded} ELSE ${person} END || ${literal(host)}`;
  });
}

function url(salt: number, { longest }: Lengths): ValueFamily {
  return family('url', FAR, (i) => {
    const link = `'https://' || ${wordSql(i, salt)} || '.example.org/' || to_hex(${i})`;
    return `CASE WHEN ${rarelySql(i)} THEN rpad(${link} || '/', ${longest}, 'longest/') ELSE ${link} END`;
  });
}

/** What conditions usually ask for. */
function otherFamilies(salt: number, limit: number): readonly ValueFamily[] {
  const in_letters = distinctIn(limit, HEX_DIGITS);
  const padded = Math.min(limit, HEX_DIGITS);
  const fitting = (chars: number, one: ValueFamily): readonly ValueFamily[] => (limit >= chars ? [one] : []);
  return [
    ...fitting(
      24,
      family('slug', FAR, (i) => `${wordSql(i, salt)} || '-' || to_hex(${i})`),
    ),
    family('letters', in_letters, (i) => `left(translate(to_hex(${i}), ${IN_LETTERS}), ${limit})`),
    family(
      'capitals',
      in_letters,
      (i) => `upper(right(translate(lpad(to_hex(${i}), ${HEX_DIGITS}, '0'), ${IN_LETTERS}), ${padded}))`,
    ),
    family(
      'digits',
      distinctIn(Math.min(limit, NUMBER_CHARS), 10),
      (i) => `right(lpad(${i}::text, ${NUMBER_CHARS}, '0'), ${Math.min(limit, NUMBER_CHARS)})`,
    ),
    ...fitting(
      36,
      family('uuid', FAR, (i) => `md5(${salt} || ':' || ${i})::uuid::text`),
    ),
    ...fitting(
      7,
      family('colour', 16_777_215, (i) => `'#' || lpad(to_hex(${i} & 16777215), 6, '0')`),
    ),
    ...fitting(
      2,
      family('object', 1, () => `'{}'`),
    ),
    family('empty', 1, () => `''`),
  ];
}
