import { EXIT, UsageError } from '#harness/core/errors.ts';
import { CATALOGUE, catalogueEntry } from '#harness/core/guard/catalogue/catalogue.ts';
import { CHECK_IDS, GROUND_IDS } from '#harness/core/guard/catalogue/ids.ts';
import { nearest } from '#harness/core/nearest.ts';
import { wrapped } from '#reports/terminal/text.ts';
import type { CommandEnd } from '../exit.ts';

const WIDTH = 100;
const ALL = [...CHECK_IDS, ...GROUND_IDS];

/** @throws UsageError naming those that are near */
export function requireCheck(id: string): void {
  if (catalogueEntry(id) !== undefined) return;
  const near = nearest(id, ALL);
  throw new UsageError(`there is no check ${JSON.stringify(id)}`, {
    next:
      near.length > 0
        ? `did you mean ${near.join(' or ')}? \`mettle guard --list\` shows all`
        : '`mettle guard --list` shows all',
  });
}

function part(name: string, text: string): string {
  return wrapped(text, WIDTH - 11)
    .map((line, index) => `${(index === 0 ? name : '').padEnd(11)}${line}\n`)
    .join('');
}

/** What a check is about, for a person. @throws UsageError for an unknown one */
export function explainCheck(id: string, out: (text: string) => void): CommandEnd {
  requireCheck(id);
  const entry = catalogueEntry(id);
  if (entry === undefined) throw new Error(`the catalogue lost ${id}`);
  const sources = entry.sources.map(({ title, url }) => `${title}${url === undefined ? '' : `: ${url}`}`);
  out(
    `${id}: ${entry.title}\n\n${part('measured', entry.measured)}${part('why', entry.why)}${part('judged', entry.judged)}${part('safer', entry.safer)}${sources.map((source, index) => `${(index === 0 ? 'sources' : '').padEnd(11)}${source}\n`).join('')}`,
  );
  return { exit_code: EXIT.pass, why: `${id} was explained` };
}

export function listChecks(out: (text: string) => void): CommandEnd {
  for (const id of ALL) {
    const ground = GROUND_IDS.some((one) => one === id) ? ' (others stand on it)' : '';
    out(`${id.padEnd(22)}${CATALOGUE[id].title}${ground}\n`);
  }
  return { exit_code: EXIT.pass, why: `${ALL.length} checks` };
}
