import { describe, expect, it } from 'vitest';
import { type SyntheticArgoOptions, syntheticArgoRun } from '#harness/core/testing/synthetic-argo.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { answersOf } from './answers.ts';
import { harmOf } from './harm.ts';
import { marksOf } from './marks.ts';
import { milestonesOf } from './milestones.ts';
import { factsOf } from './run-facts.ts';

function read(options: SyntheticArgoOptions = {}) {
  const facts = factsOf(new Timeline(syntheticArgoRun(options)));
  const steps = milestonesOf(facts, harmOf(facts, answersOf(facts)));
  return { facts, steps };
}

/** Seconds from the shipping to each step, to one digit. */
function moments({ facts, steps }: ReturnType<typeof read>): Record<string, string> {
  return Object.fromEntries(
    steps.map((step) => [
      step.id,
      step.at === undefined ? (step.absent ?? 'no data') : ((step.at - facts.origin) / 1000).toFixed(1),
    ]),
  );
}

describe('a run by Argo Rollouts', () => {
  it('splits the time to roll back by measurement, abort and withdrawal', () => {
    const found = moments(read());
    expect(Object.keys(found)).toEqual([
      'shipped',
      'seen',
      'ready',
      'first-bad',
      'failing',
      'aborted',
      'withdrawn',
      'gone',
      'told',
    ]);
    expect(found).toMatchObject({ shipped: '0.0', failing: '12.6', aborted: '22.9', gone: '31.5' });
    expect(Number(found['withdrawn'])).toBeGreaterThan(22.5);
  });

  it('splits the time to promote by the weights', () => {
    const found = moments(read({ outcome: 'promotion' }));
    expect(found).toMatchObject({ 'top-weight': '38.2', promoting: '50.5' });
    expect(Number(found['promoted'])).toBeGreaterThan(Number(found['promoting']));
    expect(Number(found['gone'])).toBeGreaterThan(Number(found['promoted']));
  });

  it('knows the switch of a blue/green rollout, which has no weights between', () => {
    const found = moments(read({ outcome: 'promotion', strategy: 'blue-green' }));
    expect(found).not.toHaveProperty('top-weight');
    expect(found['promoting']).toBe('22.2');
  });

  it('knows no abort and no message of one where there was none', () => {
    expect(moments(read({ outcome: 'never-rolled-back' }))).toMatchObject({
      aborted: 'no data',
      withdrawn: 'never: the canary kept its weight until the end',
    });
  });

  it('shows each failed measurement with its value, and the end of the Rollout, once', () => {
    const texts = marksOf(read().facts).marks.map((mark) => mark.text);
    expect(texts.filter((text) => text.startsWith('Measured error-rate'))).toEqual([
      'Measured error-rate 50.0: Failed (1 failed so far)',
      'Measured error-rate 49.5: Failed (2 failed so far)',
      'Measured error-rate 49.0: Failed (3 failed so far)',
    ]);
    expect(texts.filter((text) => text.startsWith('Phase is now'))).toEqual(['Phase is now Degraded']);
  });

  it('does not compare shares any more once the new pods are the stable ones', () => {
    const { facts } = read({ outcome: 'promotion' });
    const whole = facts.weights.find((change) => change.canary_pct === 100);
    expect(facts.promoting_at).toBeGreaterThan(whole?.at ?? 0);
    expect(read().facts.promoting_at).toBeUndefined();
  });
});
