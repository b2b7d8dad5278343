/** squawk's own tests of its rules: SQL within Rust, labelled by whether the rule must say something. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { measuredBy } from '#harness/core/guard/catalogue/linter-rules.ts';
import type { LabelledCase } from './case.ts';

const TEST = /fn (?<name>\w+)\(\) \{\n(?<body>[\s\S]*?)\n {4}\}/g;
const SQL = /r#"(?<sql>[\s\S]*?)"#/;
const RULE = /Rule::(?<rule>\w+)/;
/** Rules about what takes rows or values away. */
const DESTROYS: ReadonlySet<string> = new Set(['ban-drop-table', 'ban-drop-column', 'ban-truncate-cascade']);

/** `AddingFieldWithDefault`: `adding-field-with-default`. */
function kebab(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}

function casesOf(path: string): readonly LabelledCase[] {
  return [...readFileSync(path, 'utf8').matchAll(TEST)].flatMap(({ groups = {} }) => {
    const { name = '', body = '' } = groups;
    const sql = SQL.exec(body)?.groups?.['sql'];
    const rule = kebab(RULE.exec(body)?.groups?.['rule'] ?? '');
    // A label that holds for another version of the server, or for a text that was put right, says nothing here.
    if (sql === undefined || rule === '' || /pg_version|apply_fix|fix_sql/.test(body)) return [];
    const label = body.includes('lint_errors') ? 'bad' : body.includes('lint_ok') ? 'good' : undefined;
    if (label === undefined) return [];
    const lossy = label === 'bad' && DESTROYS.has(rule) ? ({ lossy: 'said' } as const) : {};
    const about = measuredBy(rule);
    return [{ name: `${basename(path, '.rs')}/${name}`, rule, label, about, ...lossy, migrations: [sql] }];
  });
}

/** @param root checkout of sbdchd/squawk */
export function squawkCases(root: string): readonly LabelledCase[] {
  const folder = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith('squawk_linter/src/rules'),
  );
  if (folder === undefined) return [];
  const rules = join(root, folder);
  return readdirSync(rules)
    .filter((name) => name.endsWith('.rs'))
    .toSorted()
    .flatMap((name) => casesOf(join(rules, name)));
}
