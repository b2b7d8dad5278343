import { describe, expect, test } from 'vitest';
import { act, object, rollout } from '../../testing/argo-records.ts';
import { answered, judged, set, type Timed, weight } from '../../testing/argo-course.ts';
import { a17 } from './a17.ts';
import { a19 } from './a19.ts';
import { a20 } from './a20.ts';

const COURSE = { spec: { strategy: 'blue-green', scale_down_delay_s: 12 }, serves: 'v1' } as const;

const state = (seconds: number, more: object = {}): Timed =>
  rollout(seconds, { replicas: 2, preview_replicas: 1, ...more });
const analysis = (seconds: number, name: string, type: string, phase: string): Timed =>
  object(
    seconds,
    `AnalysisRun/shop-new-2-${name}`,
    { type, phase },
    phase === 'Running' ? 'added' : 'modified',
  );

interface Times {
  readonly switched?: number;
  readonly whole?: number;
  readonly measured?: number;
}

/** A preview of one pod, found well, held, grown, switched to, measured, and made stable at second 20. */
function course({ switched = 12, whole = 11, measured = 8 }: Times = {}): readonly Timed[] {
  return [
    set(-19, 'v1', 2),
    state(1),
    set(2, 'v2', 1),
    analysis(2.2, 'pre', 'PrePromotion', 'Running'),
    analysis(measured, 'pre', 'PrePromotion', 'Successful'),
    state(8.2, { phase: 'Paused', message: 'BlueGreenPause' }),
    set(10, 'v2', 2, { available: 1 }),
    set(whole, 'v2', 2),
    weight(switched, 100),
    analysis(12.2, 'post', 'PostPromotion', 'Running'),
    analysis(19, 'post', 'PostPromotion', 'Successful'),
    state(20, { phase: 'Healthy', stable: 'new' }),
  ];
}

describe('A17', () => {
  test('holds when the stages come in their order and nobody meets the preview', () => {
    expect(judged(a17, COURSE, course())).toBe('pass');
  });
  test.each<[string, readonly Timed[]]>([
    ['a switch before the preview was found well', course({ switched: 5 })],
    ['a switch before all pods are there', course({ whole: 15 })],
    ['a pause before the analysis has succeeded', course({ measured: 9.5 })],
    ['an answer of the preview', [...course(), answered(6, 'v2')]],
  ])('is broken by %s', (_case, records) => {
    expect(judged(a17, COURSE, records)).toBe('fail');
  });
  test('holds where the preview is of full size from its beginning', () => {
    const full = course().map((one) => (one.at === set(2, 'v2', 1).at ? set(2, 'v2', 2) : one));
    expect(judged(a17, COURSE, full)).toBe('pass');
  });
  test('proves nothing where a stage was never seen', () => {
    const no_pause = course().filter(({ data }) => !JSON.stringify(data).includes('BlueGreenPause'));
    expect(judged(a17, COURSE, no_pause)).toBe('inconclusive');
  });
});

describe('A19', () => {
  test('holds with one pod up to the pause and all of them at the switch', () => {
    expect(judged(a19, COURSE, course())).toBe('pass');
  });
  test('is broken by a preview of another size, and by a switch to too few', () => {
    expect(judged(a19, COURSE, [...course(), set(3, 'v2', 2)])).toBe('fail');
    expect(judged(a19, COURSE, course({ whole: 14 }))).toBe('fail');
  });
  test('proves nothing where no size is set', () => {
    expect(judged(a19, COURSE, [set(-19, 'v1', 2), set(2, 'v2', 2), rollout(1), weight(12, 100)])).toBe(
      'inconclusive',
    );
  });
});

const gone = (seconds: number): Timed => set(seconds, 'v2', 0);

describe('A20', () => {
  const back = act(22, 'switch back', 0.2);

  test('holds when the switch back is immediate and the replaced set goes after its delay', () => {
    expect(judged(a20, COURSE, course(), back, weight(22.8, 0), gone(35))).toBe('pass');
  });
  test('counts the delay from when the other release is stable again', () => {
    const stable = state(29, { phase: 'Healthy', stable: 'old' });
    expect(judged(a20, COURSE, course(), back, weight(22.8, 0), stable, gone(41.5))).toBe('pass');
    expect(judged(a20, COURSE, course(), back, weight(22.8, 0), stable, gone(36))).toBe('fail');
  });
  test('holds beside an analysis that nobody waits for', () => {
    const aside = analysis(22.4, 'again', 'PrePromotion', 'Running');
    expect(judged(a20, COURSE, course(), back, aside, weight(22.8, 0), gone(35))).toBe('pass');
  });
  test.each<[string, readonly Timed[]]>([
    ['a switch that takes long', [weight(29, 0), gone(41)]],
    ['a pause before it', [state(22.5, { phase: 'Paused' }), weight(23, 0), gone(35)]],
    [
      'an analysis that is waited for',
      [analysis(22.4, 'again', 'PrePromotion', 'Running'), weight(30, 0), gone(42)],
    ],
    ['no switch', [gone(35)]],
    ['replaced pods that go early', [weight(22.8, 0), gone(25)]],
    ['replaced pods that stay', [weight(22.8, 0)]],
    ['replaced pods that had gone before', [set(18, 'v1', 0), weight(22.8, 0), gone(35)]],
  ])('is broken by %s', (_case, records) => {
    expect(judged(a20, COURSE, course(), back, records)).toBe('fail');
  });
  test('proves nothing without a switch back', () => {
    expect(judged(a20, COURSE, course())).toBe('inconclusive');
  });
});
