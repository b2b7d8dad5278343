import { HOOKS } from '#harness/judge/contracts/flagger/calls.ts';
import { GATE_CLOSED, GATE_OPEN, gateUrl, setGate } from '#harness/stack/gate.ts';
import { type Hook, webhooks } from '../canary-shapes.ts';
import { phaseSeen, weightReached } from '../moments.ts';
import type { AnyRolloutAct, LoadedAct, Moment, When } from '../rollout-extras.ts';
import { GOOD_RELEASE, type FlaggerCase } from './case.ts';
import { passTime } from './canary-waits.ts';

/** Flagger gives a hook 10 s, which is a whole tick here: no hook may take longer than this. */
const TIMEOUT_S = 2;

/** The event hook is called several times in one tick. */
const EVENT_TIMEOUT_S = 1;

/** A hook whose address is its type. */
export function hook(path: string, timeout_s = TIMEOUT_S): Hook {
  const type = path.slice(1);
  return { name: type, type, url: gateUrl(path), timeout: `${timeout_s}s` };
}

/** Tells the gate how to answer the calls of a hook from now on. */
export async function gateOf(
  { ctx, namespace }: Pick<AnyRolloutAct, 'ctx' | 'namespace'>,
  path: string,
  how: { readonly status?: number; readonly delay_ms?: number; readonly times?: number },
): Promise<void> {
  await setGate(ctx.kube, { namespace, path, ...how });
}

/** The gate answered a hook as closed so often: that many ticks came and went. */
export function refused(path: string, times: number): When {
  return (spec) => ({
    awaited: `${times} refusals of ${path}`,
    deadline_s: (times + 6) * spec.interval_s,
    holds: (timeline) =>
      timeline
        .of('gate', 'call')
        .filter(({ data }) => data.path === path && data.status === GATE_CLOSED.status).length >= times,
  });
}

function opening(name: string, path: string, times: number): Moment {
  return {
    name,
    title: `opening ${path}`,
    when: refused(path, times),
    act: (act) => gateOf(act, path, GATE_OPEN),
  };
}

/** Nobody answers the event hook any more within its time. */
async function openWithDeadReceiver(act: LoadedAct): Promise<void> {
  await gateOf(act, HOOKS.event, { delay_ms: 30_000 });
  await gateOf(act, HOOKS.confirm_rollout, GATE_OPEN);
}

async function reviveAndClose(act: LoadedAct): Promise<void> {
  await gateOf(act, HOOKS.event, GATE_OPEN);
  await gateOf(act, HOOKS.confirm_increase, GATE_CLOSED);
}

/** What gates that a person opens hold up, and what they do not. */
export const FLAGGER_GATES: readonly FlaggerCase[] = [
  {
    name: 'opened-one-by-one',
    title:
      'F12, F15, F16, F18, F19: each closed gate holds the rollout up where it stands, and hooks are told what happens',
    rollout: {
      ...GOOD_RELEASE,
      canary: { interval_s: 10, threshold: 2, step_weight_pct: 20, max_weight_pct: 40 },
      // Two refusals of each of three gates, and the tick in which each is opened.
      declares: { held_s: 80 },
      reshape: webhooks([
        hook(HOOKS.confirm_rollout),
        hook(HOOKS.pre_rollout),
        hook(HOOKS.rollout),
        hook(HOOKS.confirm_increase),
        hook(HOOKS.confirm_promotion),
        hook(HOOKS.post_rollout),
        hook(HOOKS.event, EVENT_TIMEOUT_S),
      ]),
      extras: {
        prepared: async (act) => {
          await gateOf(act, HOOKS.confirm_rollout, GATE_CLOSED);
          await gateOf(act, HOOKS.confirm_promotion, GATE_CLOSED);
        },
        during: [
          {
            name: 'open the rollout',
            title: 'opening the gate of the rollout; the receiver of events is dead',
            when: refused(HOOKS.confirm_rollout, 2),
            act: openWithDeadReceiver,
          },
          {
            name: 'close the increase',
            title: 'reviving the receiver of events, closing the gate of further traffic',
            when: weightReached(20),
            act: reviveAndClose,
          },
          opening('open the increase', HOOKS.confirm_increase, 2),
          opening('open the promotion', HOOKS.confirm_promotion, 3),
        ],
      },
      settles: { contracts: ['F12', 'F15', 'F16', 'F18', 'F19'] },
    },
  },
  {
    name: 'rolled-back-while-waiting',
    title: 'F17: the rollback hook rolls a release back, in phase Waiting as well as in phase Progressing',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      canary: { interval_s: 10, threshold: 2, step_weight_pct: 20, max_weight_pct: 40 },
      declares: { held_s: 50 },
      load: 'steady-300',
      reshape: webhooks([hook(HOOKS.confirm_rollout), hook(HOOKS.rollback)]),
      extras: {
        prepared: async (act) => {
          await gateOf(act, HOOKS.confirm_rollout, GATE_CLOSED);
          await gateOf(act, HOOKS.rollback, GATE_CLOSED);
        },
        during: [
          {
            name: 'ask for the rollback',
            title: 'asking for the rollback while the release waits',
            when: phaseSeen('Waiting'),
            act: async (act) => {
              await gateOf(act, HOOKS.rollback, GATE_OPEN);
              await passTime(act, 2 * act.spec.interval_s + 2);
            },
          },
          {
            name: 'open the rollout',
            title: 'opening the gate of the rollout',
            when: phaseSeen('Waiting'),
            act: (act) => gateOf(act, HOOKS.confirm_rollout, GATE_OPEN),
          },
        ],
      },
      settles: {
        contracts: ['F17'],
        rules_left_out: {
          exposure: 'the release is good, and no user may meet it at all',
          harm: 'the release is good, and no user may meet it at all',
          'traffic-share': 'no share is ever declared',
          'judge-saw': 'a person decides, not a check',
          'chat-told': 'what a person asked for is told as a warning',
          'fault-took': 'the release is good, and no user may meet it at all',
          alert: 'no user meets a failure, so no alert can be pending',
        },
        known_break: { contract: 'F17', thread: 'fluxcd/flagger#1432' },
      },
    },
  },
];
