/** Names made from names of a statement, as SQL takes them. */

/** Longest name that the server keeps: what is longer it cuts off. */
const LONGEST = 63;

/** The last part of a dotted name: a renamed table keeps its schema. */
export function lastPart(name: string): string {
  return /(?:"(?:[^"]|"")*"|[^."]+)$/.exec(name)?.[0] ?? name;
}

/** A name without its quotation marks. */
function bare(name: string): string {
  const last = lastPart(name);
  return last.startsWith('"') ? last.slice(1, -1).replaceAll('""', '"') : last;
}

/** One name of several: `users_name_check`; the parts are cut where all of it would be too long. */
export function joined(...names: readonly string[]): string {
  const parts = names.map(bare);
  const room = Math.floor((LONGEST - parts.length + 1) / parts.length);
  const whole = parts.join('_');
  const name = whole.length <= LONGEST ? whole : parts.map((part) => part.slice(0, room)).join('_');
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The name with a word behind it: `name_old`. */
export function suffixed(name: string, suffix: string): string {
  return joined(name, suffix);
}

/** A name in the schema of another one. */
export function beside(other: string, name: string): string {
  return `${other.slice(0, other.length - lastPart(other).length)}${name}`;
}
