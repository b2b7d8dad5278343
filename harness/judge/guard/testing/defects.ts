import type { GuardFacts, MigrationFacts } from '#harness/core/guard/facts.ts';
import type { Outcome } from '#harness/core/verdict.ts';
import type { Severity } from '../verdict.ts';
import { madeColumn, madeContent, madeLoad, madeMigration, type madeWorkload } from './made-guard.ts';

/** One thing is spoilt: the check that is meant for it must turn, with the number in its sentence. */
export interface Defect {
  readonly name: string;
  readonly spoil: Partial<MigrationFacts> | ((facts: GuardFacts) => GuardFacts);
  readonly check: string;
  readonly outcome: Exclude<Outcome, 'pass'>;
  readonly severity?: Severity;
  readonly says: RegExp;
}

export const alone = (more: Partial<NonNullable<MigrationFacts['alone']>>): Partial<MigrationFacts> => {
  const { alone: good } = madeMigration();
  return good === undefined ? {} : { alone: { ...good, ...more } };
};
export const cost = (more: object): Partial<MigrationFacts> => {
  const [one] = madeMigration().alone?.statements ?? [];
  return one === undefined ? {} : alone({ statements: [{ ...one, ...more }] });
};
export const name = (more: Parameters<typeof madeColumn>[1]): Partial<MigrationFacts> => ({
  content: madeContent({ columns: [madeColumn('name', more)] }),
});
export const load = (...workloads: ReturnType<typeof madeWorkload>[]): Partial<MigrationFacts> => ({
  under_load: madeLoad({
    workloads: [
      ...madeLoad().workloads.filter(
        ({ side, moment }) => !workloads.some((one) => one.side === side && one.moment === moment),
      ),
      ...workloads,
    ],
  }),
});
export const without =
  (part: keyof MigrationFacts) =>
  (facts: GuardFacts): GuardFacts => ({
    ...facts,
    migrations: facts.migrations.map((one) => {
      const copy = structuredClone(one);
      Reflect.deleteProperty(copy, part);
      return copy;
    }),
  });
