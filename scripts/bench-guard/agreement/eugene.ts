/** eugene's examples: a folder for each of its rules, with a good and a bad script in parts (`-- 1.sql`). */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { measuredBy } from '#harness/core/guard/catalogue/linter-rules.ts';
import type { LabelledCase } from './case.ts';

const PART = /^-- \d+\.sql[^\n]*\n/m;

/** Rules of squawk that warn of the same; the others are of eugene alone, or about taste. */
const SAME_AS: Readonly<Record<string, string>> = {
  E1: 'constraint-missing-not-valid',
  E2: 'adding-not-nullable-field',
  E4: 'require-timeout-settings',
  E5: 'changing-column-type',
  E6: 'require-concurrent-index-creation',
  E7: 'disallowed-unique-constraint',
  E8: 'disallowed-unique-constraint',
  E9: 'require-lock-timeout',
  E10: 'require-timeout-settings',
  E11: 'adding-serial-primary-key-field',
  W12: 'require-timeout-settings',
  W14: 'adding-not-nullable-field',
};

function caseOf(path: string): readonly LabelledCase[] {
  const label = basename(path, '.sql');
  if (label !== 'good' && label !== 'bad') return [];
  const rule = basename(dirname(path));
  const parts = readFileSync(path, 'utf8')
    .split(PART)
    .filter((text) => text.trim() !== '');
  const [first = '', ...rest] = parts;
  const about = measuredBy(SAME_AS[rule] ?? '');
  // The first part makes what the others change; alone it is the example itself.
  return rest.length === 0
    ? [{ name: `${rule}/${label}`, rule, label, about, schema: '', migrations: [first] }]
    : [{ name: `${rule}/${label}`, rule, label, about, schema: first, migrations: rest }];
}

/** @param root checkout of kaaveland/eugene */
export function eugeneCases(root: string): readonly LabelledCase[] {
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|\/)examples\/[EW]\d+\/\w+\.sql$/.test(path))
    .map((path) => join(root, path))
    .filter((path) => statSync(path).isFile());
  return found.toSorted().flatMap(caseOf);
}
