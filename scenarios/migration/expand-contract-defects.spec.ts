import { EXPAND_CONTRACT_DEFECTS, expandMigrateContract, expect, test } from '#harness/scenario.ts';

// Goal: Mettle notices when a step from one column to another is wrong.
// Method: the scenario as it stands, with one step broken on purpose in each run.
// Needs: traefik, postgres
// Isolation: namespace 0.8 cpu
// Tags: nightly, slow
test.for(EXPAND_CONTRACT_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
  const verdict = await expandMigrateContract(openRun(defect.name), defect);
  expect(verdict).toBeCaughtBy(defect.noticed_by, defect.says);
});
