/** The guard's answers to the examples of linters, held against their labels and against what was measured. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import { startServer } from '#harness/database/server/start.ts';
import type { ScratchServer } from '#harness/database/server/types.ts';
import { writeWhole } from '#reports/files.ts';
import type { Corpus } from './agreement/case.ts';
import { eugeneCases } from './agreement/eugene.ts';
import { measure, type Measured, ROWS } from './agreement/measure.ts';
import { ownCases } from './agreement/own.ts';
import { agreementRows, type CorpusMeasured, renderAgreement } from './agreement/render.ts';
import { squawkCases } from './agreement/squawk.ts';
import { commitOf } from './checkout.ts';
import type { History } from './history.ts';
import type { GuardRow } from './row.ts';

/** Corpora below a folder, each in a checkout of its own. */
async function corporaIn(folder: string): Promise<readonly Corpus[]> {
  const [eugene, squawk] = [join(folder, 'eugene'), join(folder, 'squawk')];
  const found: readonly Corpus[] = [
    {
      name: 'eugene',
      source: `github.com/kaaveland/eugene, ${await commitOf(eugene)}, MIT: examples of its rules`,
      cases: existsSync(eugene) ? eugeneCases(eugene) : [],
    },
    {
      name: 'squawk',
      source: `github.com/sbdchd/squawk, ${await commitOf(squawk)}, Apache-2.0 or MIT: tests of its rules`,
      cases: existsSync(squawk) ? squawkCases(squawk) : [],
    },
    {
      name: 'own',
      source:
        'examples of this project of the classes that destroy rows or values (scripts/bench-guard/agreement/own.ts)',
      cases: ownCases(),
    },
  ];
  return found.filter(({ cases }) => cases.length > 0);
}

async function measureAll({ name, source, cases }: Corpus, server: ScratchServer): Promise<CorpusMeasured> {
  const measured: Measured[] = [];
  for (const example of cases) {
    measured.push(await measure(server, example));
    if (measured.length % 10 === 0) process.stderr.write(`${name}: ${measured.length} of ${cases.length}\n`);
  }
  return { name, source, measured };
}

/**
 * @param corpus folder with the checkouts `eugene` and `squawk`; one that is not there is left out
 * @param report file that the table is written to
 * @throws UsageError when the folder is not there
 */
export async function benchAgreement(
  corpus: string,
  { report, histories }: { readonly report: string; readonly histories: readonly History[] },
): Promise<readonly GuardRow[]> {
  if (!existsSync(corpus)) throw new UsageError(`there is no folder ${corpus}`);
  await mkdir(dirname(report), { recursive: true });
  const { signal } = new AbortController();
  await using server = await startServer({ engine: 'embedded', small: true, signal });
  const corpora: CorpusMeasured[] = [];
  for (const one of await corporaIn(corpus)) corpora.push(await measureAll(one, server));
  await writeWhole(report, renderAgreement(corpora, histories, { version: server.version, rows: ROWS }));
  return agreementRows(corpora);
}
