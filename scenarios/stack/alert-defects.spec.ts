import { ALERT_DEFECTS, alertOnce, expect, test } from '#harness/scenario.ts';

// Goal: Mettle can fail. Each way in which an alert can get lost is built into the real stack, and the rule that is meant for it must notice.
// Method: the alert scenario as it stands, with one thing broken on purpose in each run.
// Needs: traefik, prometheus, alertmanager, chat
// Isolation: exclusive
// Tags: nightly
test.for(ALERT_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
  const verdict = await alertOnce(openRun(defect.name), {
    cause: 'bad-answers',
    load: 'steady-300',
    defect,
  });
  expect(verdict).toBeCaughtBy(defect.noticed_by);
});
