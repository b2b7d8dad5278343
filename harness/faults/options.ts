import * as v from 'valibot';
import { nearest } from '#harness/core/nearest.ts';
import { UsageError } from '#harness/core/errors.ts';

/** One option of a fault, as people read and give it. */
export interface OptionDescription {
  readonly name: string;
  /** `text`, `number`, `true or false`, `list`, or the values that it can have. */
  readonly takes: string;
  readonly required: boolean;
  /** What it means; empty where its file does not say. */
  readonly meaning: string;
}

/** The schema inside `optional`, `nullable` and the like. */
function inner(schema: v.GenericSchema): v.GenericSchema {
  const wrapped: unknown = Reflect.get(schema, 'wrapped');
  return isSchema(wrapped) ? inner(wrapped) : schema;
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === 'object' && value !== null && Reflect.get(value, 'kind') === 'schema';
}

function takes(schema: v.GenericSchema): string {
  const { type } = schema;
  const choices: unknown = Reflect.get(schema, 'options');
  if (type === 'picklist' && Array.isArray(choices)) return choices.join(', ');
  if (type === 'literal') return String(Reflect.get(schema, 'literal'));
  return { string: 'text', boolean: 'true or false', array: 'list' }[type] ?? type;
}

/** A description stands on the option itself, or on what `optional` wraps. */
function meaning(schema: v.GenericSchema): string {
  return v.getDescription(schema) ?? v.getDescription(inner(schema)) ?? '';
}

function entriesOf(schema: v.GenericSchema): readonly (readonly [string, v.GenericSchema])[] {
  const entries: unknown = Reflect.get(schema, 'entries');
  if (typeof entries !== 'object' || entries === null) return [];
  return Object.entries(entries).filter((entry): entry is [string, v.GenericSchema] => isSchema(entry[1]));
}

/** What a fault's options are called and take, read from their schema. */
export function describeOptions(schema: v.GenericSchema): readonly OptionDescription[] {
  return entriesOf(schema).map(([name, entry]) => ({
    name,
    takes: takes(inner(entry)),
    required: !entry.type.startsWith('optional') && entry.type !== 'nullish',
    meaning: meaning(entry),
  }));
}

/**
 * Options as they are typed, `key=value`, made what the fault takes: numbers, truth values, lists separated by commas.
 * @throws UsageError for one that the fault does not have, naming those that are near, and for one given twice
 */
export function parseOptions(
  fault: string,
  descriptions: readonly OptionDescription[],
  given: readonly string[],
): Readonly<Record<string, unknown>> {
  const options: Record<string, unknown> = {};
  for (const text of given) {
    const [name = '', ...rest] = text.split('=');
    const value = rest.join('=');
    if (rest.length === 0) {
      throw new UsageError(`--option ${JSON.stringify(text)} is not of the form key=value`, {
        next: 'For example: --option count=1',
      });
    }
    const known = descriptions.find((one) => one.name === name);
    if (known === undefined) {
      const names = descriptions.map((one) => one.name);
      const near = nearest(name, names);
      throw new UsageError(`fault ${fault} has no option ${JSON.stringify(name)}`, {
        next:
          near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `It has: ${names.join(', ') || 'none'}`,
      });
    }
    if (name in options) throw new UsageError(`--option ${name} is given twice`);
    options[name] = valueOf(known, value);
  }
  return options;
}

/** What does not fit stays a text, so that the fault's own schema says what is wrong with it. */
function valueOf({ takes: type }: OptionDescription, text: string): unknown {
  if (type === 'number') return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
  if (type === 'true or false') return { true: true, false: false }[text] ?? text;
  if (type === 'list') return text.split(',').map((part) => part.trim());
  return text;
}
