import { InvalidArgumentError } from 'commander';

const FACTOR: Readonly<Record<string, number>> = { '': 1, k: 1_000, m: 1_000_000 };
/** More would not fit on most machines, and say no more. */
const ROWS_MAX = 100_000_000;

/** `10k`, `1M` or `250000`. */
export function rowCount(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([kKmM]?)$/.exec(text) ?? [];
  const rows = Number(digits) * (FACTOR[unit.toLowerCase()] ?? Number.NaN);
  if (digits === '' || !Number.isInteger(rows) || rows < 1 || rows > ROWS_MAX) {
    throw new InvalidArgumentError('It must be a number of rows from 1 to 100M, for example 10k or 1M.');
  }
  return rows;
}

/** `500ms`, `2s`, `1500` (ms), as PostgreSQL takes it. */
export function timeout(text: string): string {
  if (!/^\d+(ms|s|min)?$/.test(text)) {
    throw new InvalidArgumentError('It must be a time as PostgreSQL takes it, for example 500ms or 2s.');
  }
  return text;
}

/** `CHECK` or `CHECK=why`, repeatable: why each check is accepted. */
export function accepted(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [check = '', ...why] = text.split('=');
  if (check === '') throw new InvalidArgumentError('It must be CHECK or CHECK=reason.');
  return { ...before, [check]: why.join('=').trim() || 'accepted on the command line, without a reason' };
}

/** `TABLE=ROWS`, repeatable. */
export function realRows(
  text: string,
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be TABLE=ROWS, for example users=25M.');
  return { ...before, [text.slice(0, at)]: rowCount(text.slice(at + 1)) };
}

/** `NAME=value`, or `NAME` for its value in this process, so that a secret is in no list of processes; repeatable. */
export function variable(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const { name = '', value } = /^(?<name>[A-Za-z_]\w*)(?:=(?<value>.*))?$/s.exec(text)?.groups ?? {};
  const given = value ?? process.env[name];
  if (name === '') throw new InvalidArgumentError('It must be NAME=value or NAME.');
  if (given === undefined) throw new InvalidArgumentError(`${name} is not set here: write ${name}=value.`);
  return { ...before, [name]: given };
}

/** Any text, repeatable. */
export function repeated(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
