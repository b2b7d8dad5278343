/** What stands where a secret stood. */
export const REDACTED = '[removed by mettle]';

const WORDS = 'pass(?:word|wd|phrase)?|secret|token|api[-_]?key|private[-_]?key|access[-_]?key|credential';

/** Field names whose value is a secret whatever it looks like. */
const SECRET_NAME = new RegExp(`(?:${WORDS}|authorization|client-key-data|cookie)s?$`, 'i');

/** Names that end like a secret but hold a name, a size or a switch. */
const HARMLESS_NAME = /^(?:automountServiceAccountToken|secretName|imagePullSecrets|secrets)$/;

/** Ways to write a value, the ones with a surer end first. */
const VALUES: readonly string[] = [
  String.raw`"[^"\\\n]*(?:\\.[^"\\\n]*)*"`,
  // A text in a text: with doubled quotes as SQL writes it, with escaped ones as JSON does.
  String.raw`''(?![\s,;)]|'(?!'))[^'\n]*(?:(?:''''|'(?!'))[^'\n]*)*''`,
  String.raw`(?<escapes>\\+)(?<quote>["'])[^\n]*?(?<!\\)\k<escapes>\k<quote>`,
  String.raw`(?:E|U&)?'[^'\\\n]*(?:(?:''|\\.)[^'\\\n]*)*'`,
  String.raw`'[^'\n]*(?:''[^'\n]*)*'`,
  String.raw`[^\s,;&}\]"']+`,
  // Its end was cut off.
  String.raw`["'][^\s"'][^\n]*`,
];

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // PEM blocks of private keys, also when their line ends are escaped.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, REDACTED],
  // JSON web tokens: header, payload and signature in base64url.
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{5,}/g, REDACTED],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  // Whatever stands between the user and the last `@`: people forget to encode `/`, `?`, `#` and `@`.
  [/(\bpostgres(?:ql)?:\/\/[^\s/:@"']*:)[^\s"']+(@)/gi, `$1${REDACTED}$2`],
  // Digits and a slash after the colon are a port and a path, in which an `@` harms nobody.
  [/(\/\/[^\s/:@"']+:)(?:[^\s/"']+|(?!\d{1,5}\/)[^\s@"']+)(@)/g, `$1${REDACTED}$2`],
  // In the query of an address a value ends at `&` alone.
  [new RegExp(`([?&][\\w.-]*(?:${WORDS})=)(?!\\[removed)[^\\s&#"']+`, 'gi'), `$1${REDACTED}`],
  [/\b(?:xox[abeoprs]-[\w-]{8,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|AKIA[0-9A-Z]{16})\b/g, REDACTED],
  [/(https:\/\/hooks\.slack\.com\/services\/)[\w/]+/g, `$1${REDACTED}`],
  // key=value, key: value, key => value and "key":"value" in free text and logs.
  [
    new RegExp(
      `((?:^|[^\\w])["']?[\\w.-]*(?:${WORDS})\\\\*["']?\\s*(?:=>|=(?!>)|:=|:(?!=))\\s*)(?!\\s|\\[removed|Bearer|Basic|null\\b|true\\b|false\\b)(?:${VALUES.join('|')})`,
      'gim',
    ),
    `$1${REDACTED}`,
  ],
];

/** A text (a log, a message, an object as YAML) with everything removed that looks like a secret. */
export function redactText(text: string): string {
  return PATTERNS.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);
}

function redactValues(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return REDACTED;
  return Object.fromEntries(Object.keys(value).map((key) => [key, REDACTED]));
}

/**
 * A value with its secrets removed: the data of Secret objects, values of fields and environment variables
 * that are named like secrets, and secrets inside any text. Names of keys stay, so that a reader sees what was there.
 */
export function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const field = (name: string): unknown => entries.find(([key]) => key === name)?.[1];
  const secret = field('kind') === 'Secret';
  const named = field('name');
  const variable = typeof named === 'string' && SECRET_NAME.test(named) && typeof field('value') === 'string';
  return Object.fromEntries(
    entries.map(([key, inner]): [string, unknown] => {
      if (secret && (key === 'data' || key === 'stringData')) return [key, redactValues(inner)];
      if (variable && key === 'value') return [key, REDACTED];
      const hidden = SECRET_NAME.test(key) && !HARMLESS_NAME.test(key);
      if (hidden && (typeof inner === 'string' || typeof inner === 'number')) return [key, REDACTED];
      return [key, redact(inner)];
    }),
  );
}
