/** Numbers and names as verdicts say them. */

/** `1,204`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-GB');
}

/** `1,204 values`, `1 value`. */
export function counted(value: number, one: string, several = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : several}`;
}

/** `3.2 ms`, `480 ms`, `5,012 ms`. */
export function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${count(value)} ms`;
}

/** `12 MiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(value, 1)) / 10), units.length - 1);
  const scaled = value / 1024 ** power;
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : count(scaled)} ${units[power]}`;
}

/** `12.5 %`; a small share keeps enough digits not to look like nothing. */
export function share(part: number, whole: number): string {
  const pct = whole === 0 ? 0 : (part / whole) * 100;
  return `${pct !== 0 && pct < 0.1 ? pct.toPrecision(1) : pct.toFixed(1)} %`;
}

/** `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`. */
export function list(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most);
  const rest = names.length - shown.length;
  const parts = rest > 0 ? [...shown, `${count(rest)} more`] : shown;
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

/** Statements are counted from 1 for people. */
export function statementName(index: number): string {
  return `statement ${index + 1}`;
}
