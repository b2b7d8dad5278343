import type { AlertExpectation } from '#harness/core/expectation.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import { Facts } from '#harness/judge/facts.ts';
import { causeOf } from '#harness/judge/rules/alert-timing.ts';
import type { Harm } from './harm.ts';
import { type Milestone, milestonesOf, step } from './milestones.ts';
import { type Recovery, recoveryOf } from './recovery/recovery.ts';
import { STEP_WORDS } from './recovery/words.ts';
import type { RunFacts } from './run-facts.ts';

/** Where the time of a run went, in steps; what it is called follows from what the scenario was about. */
export interface TimeSplit {
  readonly title: string;
  /** None where the run had no steps that wait for one another. */
  readonly steps: readonly Milestone[];
}

/** The steps of a run, by what its scenario declared. */
export function timeSplitOf(facts: RunFacts, harm: Harm | undefined): TimeSplit {
  if (facts.spec) {
    const promotion = facts.spec.expected === 'promotion';
    const title = promotion ? 'Where the time to promote went' : 'Where the time to roll back went';
    return { title, steps: milestonesOf(facts, harm) };
  }
  const { expectation } = facts;
  if (expectation?.of === 'alert') {
    return { title: 'From the trouble to the word that it is over', steps: alertSteps(facts, expectation) };
  }
  if (expectation?.of === 'service') {
    return { title: 'How long each act took', steps: actSteps(facts, expectation.acts) };
  }
  const recovery = recoveryOf(facts);
  if (recovery) return { title: 'Where the time to recover went', steps: recoverySteps(recovery) };
  return { title: '', steps: [] };
}

/** The end of each step; steps overlap, so none is taken to wait for another. */
function recoverySteps({ steps, lost }: Recovery): readonly Milestone[] {
  if (lost === undefined) return [];
  const first = step('lost', `Lost: ${lost.what}`, 'harness', lost.at, undefined);
  const ends = steps.map(({ id, label, state, to }) =>
    step(id, label, 'harness', state === 'done' ? to : undefined, 'lost', STEP_WORDS[state]),
  );
  return [first, ...ends];
}

function alertSteps(facts: RunFacts, alert: AlertExpectation): readonly Milestone[] {
  const cause = causeSeen(facts, alert);
  const began = facts.shipped_at ?? facts.first_at;
  const stateAt = (state: string, since: EpochMs | undefined): EpochMs | undefined =>
    since === undefined
      ? undefined
      : facts.timeline
          .of('prometheus', 'alert')
          .find(({ at, subject, data }) => at >= since && subject === alert.name && data.state === state)?.at;
  const toldAt = (of_end: boolean, since: EpochMs | undefined): EpochMs | undefined =>
    since === undefined
      ? undefined
      : facts.timeline
          .of('chat', 'message')
          .find(
            ({ at, subject, data }) =>
              at >= since && subject === `Alert/${alert.name}` && (data.severity === 'good') === of_end,
          )?.at;
  const firing = stateAt('firing', began);
  const ended = stateAt('inactive', firing);
  const watcher = alert.cause === 'bad-answers' ? 'load' : 'pods';
  const [first, last] =
    alert.cause === 'bad-answers'
      ? ['First bad answer', 'Last bad answer']
      : ['First crash loop', 'Crashing pods gone'];
  return [
    step('shipped', 'Bad release shipped', 'harness', facts.shipped_at, undefined),
    step('cause', first, watcher, cause?.from, 'shipped'),
    step('pending', 'Alert pending', 'Prometheus', stateAt('pending', began), 'cause'),
    step('firing', 'Alert firing', 'Prometheus', firing, 'pending'),
    step('told', 'Message received', 'chat', toldAt(false, firing), 'firing'),
    step('cause-ended', last, watcher, cause?.to, 'told'),
    step('inactive', 'Alert inactive', 'Prometheus', ended, 'cause-ended'),
    step('told-end', 'Message of the end received', 'chat', toldAt(true, ended), 'inactive'),
  ];
}

/** Reports show what there is: a cause that nobody saw has no moment. */
function causeSeen(
  facts: RunFacts,
  alert: AlertExpectation,
): { readonly from: EpochMs; readonly to: EpochMs } | undefined {
  try {
    return causeOf(new Facts(facts.timeline), alert);
  } catch {
    return undefined;
  }
}

function actSteps(facts: RunFacts, acts: readonly string[]): readonly Milestone[] {
  const began = facts.phases.find(({ label }) => label === acts[0]);
  const first = step('began', 'First act began', 'harness', began?.from, undefined);
  const done = acts.map((act, index) => {
    const phase = facts.phases.find(({ label }) => label === act);
    return step(act, `Done: ${act}`, 'harness', phase?.to, acts[index - 1] ?? 'began');
  });
  return [first, ...done];
}
