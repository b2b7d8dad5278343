import { contents, courses, hasColumn, type MigrationCourse } from '../migration-facts.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** What is wrong with one of them; a text that begins with `?` is evidence that is missing. */
function problemsOf({ declared, begun, applied, failed, refused }: MigrationCourse): readonly string[] {
  const { name, expected } = declared;
  if (expected === 'refused') {
    if (begun) return [`${name} was begun, although it had to be refused`];
    return refused ? [] : [`?nobody asked for ${name}`];
  }
  if (refused) return [`${name} was refused: ${refused.data.note}`];
  if (failed) return [`${name} failed: ${failed.data.note}`];
  return applied ? [] : [`?${name} was not seen to come to its end`];
}

/**
 * What one that was refused has changed all the same, by what was read before any other could: the same statements may be
 * applied later, and then nobody can tell. A text that begins with `?` is evidence that is missing.
 */
function refusedButThere(facts: Facts, { declared, refused }: MigrationCourse): readonly string[] {
  const { name, expected, adds = [], drops = [] } = declared;
  if (expected !== 'refused' || !refused || adds.length + drops.length === 0) return [];
  const read = facts.timeline
    .of('database', 'refused_columns')
    .find(({ subject, seq }) => subject === refused.subject && seq > refused.seq);
  if (!read) return [`?nobody looked whether ${name} is in the database although it was refused`];
  const other = facts.timeline
    .of('database', 'migration')
    .find(({ seq, data }) => data.state === 'begun' && seq > refused.seq && seq < read.seq);
  if (other) return [`?${other.subject} began before anybody looked whether ${name} is in the database`];
  return [
    ...adds
      .filter((column) => hasColumn(read.data, column))
      .map((column) => `${name} was refused, and ${column} is there all the same`),
    ...drops
      .filter((column) => !hasColumn(read.data, column))
      .map((column) => `${name} was refused, and ${column} is gone all the same`),
  ];
}

/**
 * Each migration was applied or refused as it was declared, and those that were applied changed the schema as they were
 * meant to: one that does nothing harms nobody, and proves nothing. What was refused has changed nothing.
 */
export const migrationsTook = rule(
  'migrations-took',
  'every migration was applied or refused as declared, and changed the schema as it was meant to',
  (facts) => {
    const all = courses(facts);
    const found = all.flatMap((course) => [...problemsOf(course), ...refusedButThere(facts, course)]);
    const problems = found.filter((text) => !text.startsWith('?'));
    if (problems.length === 0) {
      const { before, after } = contents(facts);
      for (const { declared } of all.filter(({ refused }) => refused === undefined)) {
        for (const column of declared.adds ?? []) {
          if (hasColumn(before.data, column)) problems.push(`${column} was there before ${declared.name}`);
          if (!hasColumn(after.data, column)) problems.push(`${declared.name} added no ${column}`);
        }
        for (const column of declared.drops ?? []) {
          if (!hasColumn(before.data, column)) problems.push(`${column} was not there for ${declared.name}`);
          if (hasColumn(after.data, column)) problems.push(`${column} is there after ${declared.name}`);
        }
      }
    }
    const missing = found.filter((text) => text.startsWith('?')).map((text) => text.slice(1));
    if (problems.length === 0 && missing.length > 0) throw new MissingEvidence(missing.join('; '));
    const told = all.map(({ declared, refused }) =>
      refused ? `${declared.name} refused (${refused.data.note})` : `${declared.name} applied`,
    );
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason: problems.length === 0 ? told.join('; ') : problems.join('; '),
      limit: 'each as declared',
      measured: `${all.length - problems.length} of ${all.length}`,
      evidence: all.flatMap(({ begun, applied, failed, refused }) =>
        [begun, applied, failed, refused].flatMap((record) => record?.seq ?? []),
      ),
    };
  },
);
