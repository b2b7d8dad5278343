import {
  chatOutsideDeaf,
  expect,
  lateBy,
  rebuild,
  RECOVERY_DEFECTS,
  spoilAll,
  test,
} from '#harness/scenario.ts';

// Goal: Mettle can fail. What is not the same after a rebuild is noticed, each difference by the rule that is meant for it.
// Method: rebuild a lost cluster while the chat off-site keeps no message; then remove an object, a row and a constraint, and change a row, before anybody looks; or begin too late, and compare the objects of before with themselves.
// Needs: full
// Isolation: rebuilt
// Tags: nightly
test('a chat off-site that is deaf, a missing object, a lost row, a changed row and a dropped index are each noticed after a rebuild', async ({
  opening,
}) => {
  const verdict = await rebuild(opening, {
    load: 'outage-300',
    backup: 'wal',
    recovery_point_s: 5,
    trouble: chatOutsideDeaf,
    defect: { name: 'not-the-same', spoil: spoilAll },
  });
  expect(verdict).toBeCaughtBy('told', /nobody was told of the loss/);
  for (const { rule, says } of RECOVERY_DEFECTS) expect(verdict).toBeCaughtBy(rule, says);
});

test('a rebuild that comes 20 s too late, and a comparison of objects that is blind, are each noticed', async ({
  opening,
}) => {
  const recovery_time_s = 60;
  const verdict = await rebuild(opening, {
    load: 'outage-300',
    backup: 'wal',
    recovery_point_s: 5,
    declares: { recovery_time_s },
    obstacle: lateBy(20, recovery_time_s),
    defect: { name: 'late-and-blind', blind: true },
  });
  expect(verdict).toBeCaughtBy('recovery-time');
  expect(verdict).toBeCaughtBy('objects-same', {
    says: /nothing to compare/,
    inconclusive_because:
      'whoever sees the objects of before twice has seen no difference that could be held against anybody',
  });
});
