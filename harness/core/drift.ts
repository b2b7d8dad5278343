/** What differs between two inventories of a cluster, field by field. */
import type { InventoryData, RecoveryExpectation } from './recovery.ts';

type Value = InventoryData['objects'][number]['fields'][string];

/** Stands for the whole object where one is missing or was added. */
export const WHOLE_OBJECT = '*';

/** One difference. */
export interface Drift {
  /** `Kind/namespace/name`, or `Kind/name`. */
  readonly subject: string;
  /** Path of the field, or `WHOLE_OBJECT`. */
  readonly field: string;
  /** Absent where the field or the object was not there. */
  readonly before?: Value;
  /** Absent where the field or the object is not there any more. */
  readonly after?: Value;
}

/** A difference with the reason for which it was declared to be allowed, if it was. */
export interface JudgedDrift extends Drift {
  readonly why?: string;
}

type Fields = Readonly<Record<string, Value>>;

function bySubject(inventory: Pick<InventoryData, 'objects'>): ReadonlyMap<string, Fields> {
  return new Map(inventory.objects.map(({ subject, fields }) => [subject, fields]));
}

function sorted(...keys: readonly Iterable<string>[]): readonly string[] {
  return [...new Set(keys.flatMap((one) => [...one]))].sort();
}

function fieldDrift(subject: string, before: Fields, after: Fields): readonly Drift[] {
  return sorted(Object.keys(before), Object.keys(after)).flatMap((field): Drift[] => {
    const had = Object.hasOwn(before, field);
    const has = Object.hasOwn(after, field);
    const was = before[field];
    const is = after[field];
    if (had && has && was === is) return [];
    return [
      {
        subject,
        field,
        ...(had && was !== undefined ? { before: was } : {}),
        ...(has && is !== undefined ? { after: is } : {}),
      },
    ];
  });
}

/** Every object and field that differs, in the order of their names. */
export function driftOf(
  before: Pick<InventoryData, 'objects'>,
  after: Pick<InventoryData, 'objects'>,
): readonly Drift[] {
  const was = bySubject(before);
  const is = bySubject(after);
  return sorted(was.keys(), is.keys()).flatMap((subject): readonly Drift[] => {
    const had = was.get(subject);
    const has = is.get(subject);
    if (had && has) return fieldDrift(subject, had, has);
    return [{ subject, field: WHOLE_OBJECT, ...(had ? { before: 'present' } : { after: 'present' }) }];
  });
}

function matches(pattern: string, text: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** Marks the differences that may be, and names the declared ones that allow nothing: they may hide a change of names. */
export function allow(
  drift: readonly Drift[],
  may_differ: RecoveryExpectation['may_differ'],
): {
  readonly drift: readonly JudgedDrift[];
  readonly unused: RecoveryExpectation['may_differ'];
} {
  const used = new Set<RecoveryExpectation['may_differ'][number]>();
  const judged = drift.map((one): JudgedDrift => {
    const by = may_differ.filter(({ subject, field }) => {
      // A whole object comes and goes only where that was said; `spec.*` does not say it.
      const fits = one.field === WHOLE_OBJECT ? field === WHOLE_OBJECT : matches(field, one.field);
      return fits && matches(subject, one.subject);
    });
    for (const declared of by) used.add(declared);
    const [first] = by;
    return first ? { ...one, why: first.why } : one;
  });
  return { drift: judged, unused: may_differ.filter((one) => !used.has(one)) };
}

function valueText(value: Value | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** A difference as a person reads it. */
export function driftText({ subject, field, before, after }: Drift): string {
  if (field !== WHOLE_OBJECT)
    return `${subject} ${field}: ${valueText(before)} before, ${valueText(after)} after`;
  return after === undefined ? `${subject} is missing` : `${subject} was not there before`;
}
