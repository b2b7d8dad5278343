import { BLIND_FLAGGER_JUDGES, blindJudge, expect, test } from '#harness/scenario.ts';

// Goal: a check that cannot see is called out, before it lets a bad release through and while it does.
// Method: ship a release that fails half of its requests; ask before what the check reads; compare what Flagger decides with what clients met.
// Needs: traefik, flagger, prometheus, alertmanager, chat
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('a check of Flagger that sees what users meet is not called blind', async ({ openRun }) => {
  expect(await blindJudge(openRun(), { controller: 'flagger', load: 'steady-300' })).toHold();
});

test.for(BLIND_FLAGGER_JUDGES)('$name: $breaks', async (blind, { openRun }) => {
  const verdict = await blindJudge(openRun(blind.name), {
    controller: 'flagger',
    load: 'steady-300',
    blind,
  });
  expect(verdict).toBeCaughtBy('judge-sighted-before', /is blind/);
  expect(verdict).toBeCaughtBy('judge-sighted', /is blind/);
});
