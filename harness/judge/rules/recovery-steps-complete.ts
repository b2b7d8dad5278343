import { REBUILD_STEPS } from '#harness/core/recovery.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { recoveryFacts, type StepSpan, WHOLE_CLUSTER } from '../recovery-facts.ts';
import { rule } from '../rule.ts';

const COMPONENT = 'component/';

/** Ends of steps are seen by different watchers, the load's second among them: so much later at most, in ms. */
const WATCHED_MS = 1_500;

function orderProblems(steps: readonly StepSpan[]): readonly string[] {
  const ended = REBUILD_STEPS.flatMap((name) => steps.find((step) => step.name === name && step.to) ?? []);
  const cluster = ended.find(({ name }) => name === 'cluster');
  const steady = ended.find(({ name }) => name === 'steady');
  return [
    ...ended.flatMap((step, index) => {
      const before = ended[index - 1];
      const is_late = before?.to !== undefined && step.to !== undefined && step.to < before.to - WATCHED_MS;
      return is_late ? [`${step.name} was done before ${before.name}`] : [];
    }),
    ...steps
      .filter(({ name }) => name.startsWith(COMPONENT))
      .flatMap(({ name, from, to }) => [
        ...(cluster?.to !== undefined && from < cluster.to
          ? [`${name} began before there was a cluster`]
          : []),
        ...(steady?.to !== undefined && to !== undefined && to > steady.to
          ? [`${name} was done only after the service was called steady`]
          : []),
      ]),
  ];
}

/** Every step that the recovery has was taken, in its order, and none failed; each component has a step of its own. */
export const stepsComplete = rule(
  'steps-complete',
  'every step of the recovery was done, in order',
  (facts) => {
    const { expectation, steps } = recoveryFacts(facts);
    if (steps.length === 0) throw new MissingEvidence('no step of the recovery was recorded');
    const { loses, restores, components } = expectation;
    const is_whole = loses === WHOLE_CLUSTER;
    const wanted = [
      ...REBUILD_STEPS.filter((name) => (name === 'restore' ? restores : is_whole || name === 'steady')),
      ...(is_whole ? components.map((name) => `${COMPONENT}${name}`) : []),
    ];
    const missing = wanted.filter((name) => !steps.some((step) => step.name === name));
    const problems = [
      ...missing.map((name) => `step ${name} was never taken`),
      ...steps
        .filter(({ state }) => state !== 'done')
        .map(({ name, state, note }) =>
          state === 'failed' ? `step ${name} failed: ${note}` : `step ${name} never ended`,
        ),
      ...orderProblems(steps),
    ];
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0 ? `done: ${steps.map(({ name }) => name).join(', ')}` : problems.join('; '),
      limit: `${wanted.length} steps, in order`,
      measured: `${steps.filter(({ state }) => state === 'done').length} steps done`,
      derivation: is_whole
        ? `${components.length} components, and ${wanted.length - components.length} other steps`
        : `${loses} alone was lost`,
      evidence: steps.flatMap(({ seqs }) => seqs),
      items: problems,
    };
  },
);
