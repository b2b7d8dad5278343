import { MissingEvidence } from '../../missing-evidence.ts';
import { podsOfRelease } from '../../pods.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { ACTS } from './acts.ts';
import { doneAt } from './analyses.ts';

/** How soon a mistake must be told: a few reconciliations, in seconds. */
const TOLD_S = 5;

/** What is missing is called by name at once, nothing is begun meanwhile, and the release goes on once it is there. */
export const a10 = contractRule('A10', (facts) => {
  const { spec, shipped } = facts;
  facts.requireObserver('kubernetes');
  const made = doneAt(facts, ACTS.template_made);
  const mended = doneAt(facts, ACTS.template_mended);
  if (!made || !mended) throw new MissingEvidence('what was missing was not made and mended');
  const states = facts.rollout_states;
  const invalid = states.filter(({ data }) => String(data.fields['message']).includes('InvalidSpec'));
  const template = invalid.find(({ data }) => /not found/.test(String(data.fields['message'])));
  const argument = invalid.find(
    ({ data, at }) => at >= made.at - 1_000 && /args?\b|argument/i.test(String(data.fields['message'])),
  );
  const pods = [
    ...podsOfRelease(facts.timeline, { namespace: spec.namespace, release: spec.next_release }).values(),
  ];
  const first_pod = facts.timeline
    .of('kubernetes', 'object')
    .find(({ subject }) => pods.some((pod) => pod.subject === subject));
  const weighted = states.find(
    ({ at, data }) => at < mended.at - 1_000 && Number(data.fields['weight_pct']) > 0,
  );
  const told_s = template ? (template.at - shipped.at) / 1000 : Infinity;
  const then_s = argument ? (argument.at - made.at) / 1000 : Infinity;
  const promoted = facts.endState('promotion');
  const problem = !template
    ? 'the missing template was never told'
    : !argument
      ? 'the missing argument was never told'
      : [template, argument].some(({ data }) => data.fields['phase'] !== 'Degraded')
        ? `the Rollout is ${String(template.data.fields['phase'])} meanwhile`
        : told_s > TOLD_S || then_s > TOLD_S
          ? `told after ${told_s.toFixed(1)} s and ${then_s.toFixed(1)} s`
          : weighted
            ? 'the release was given traffic meanwhile'
            : !promoted
              ? 'the release did not go on once all was there'
              : undefined;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ??
      `Degraded ${told_s.toFixed(1)} s after shipping with the template's name, then ${then_s.toFixed(1)} s later with the argument's, then promoted`,
    limit: `told ${atMost(TOLD_S, 's')} each, no traffic meanwhile, promoted once all is there`,
    measured: `${told_s.toFixed(1)} s, ${then_s.toFixed(1)} s`,
    evidence: [template, argument, first_pod, promoted].flatMap((record) => (record ? [record.seq] : [])),
  };
});
