import { contents, courses, hasColumn, type MigrationCourse } from '../migration-facts.ts';
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
 * Each migration was applied or refused as it was declared, and those that were applied changed the schema as they were
 * meant to: one that does nothing harms nobody, and proves nothing.
 */
export const migrationsTook = rule(
  'migrations-took',
  'every migration was applied or refused as declared, and changed the schema as it was meant to',
  (facts) => {
    const all = courses(facts);
    const found = all.flatMap(problemsOf);
    const problems = found.filter((text) => !text.startsWith('?'));
    if (problems.length === 0) {
      const { before, after } = contents(facts);
      for (const { declared } of all) {
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
