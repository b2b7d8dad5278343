import * as v from 'valibot';
import { defineFault } from './fault.ts';
import { gateAnswers, gateIsOpen, GatePath, GateTold, planGate, tellGate, untellGate } from './gate-told.ts';

export const gateFailing = defineFault({
  name: 'gate-failing',
  breaks: 'answers webhooks of the controllers with an error of the server',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    path: GatePath,
    status: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(500),
        v.maxValue(599),
        v.description('status of the answer; 500 when absent'),
      ),
      500,
    ),
  }),
  state: GateTold,
  trial_needs: { components: ['gate'] },
  example: () => ({}),
  plan: (ctx, { path, status }, namespace) =>
    planGate(
      ctx,
      { namespace, path, status, delay_ms: 0 },
      'a rollout waits, or counts failed checks, until the hooks answer',
    ),
  inject: tellGate,
  probeOn: gateAnswers,
  heal: untellGate,
  probeOff: gateIsOpen,
});
