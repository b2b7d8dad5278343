import * as v from 'valibot';
import { defineFault } from './fault.ts';
import { gateAnswers, gateIsOpen, GatePath, GateTold, planGate, tellGate, untellGate } from './gate-told.ts';

export const gateSlow = defineFault({
  name: 'gate-slow',
  breaks: 'answers webhooks of the controllers late',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    path: GatePath,
    delay_ms: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(25_000),
      v.description('time before the answer, in ms'),
    ),
  }),
  state: GateTold,
  trial_needs: { components: ['gate'] },
  example: () => ({ delay_ms: 500 }),
  plan: (ctx, { path, delay_ms }, namespace) =>
    planGate(
      ctx,
      { namespace, path, status: 200, delay_ms },
      'a rollout waits for each answer, or gives it up and counts a failed check',
    ),
  inject: tellGate,
  probeOn: gateAnswers,
  heal: untellGate,
  probeOff: gateIsOpen,
});
