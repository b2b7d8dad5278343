import * as v from 'valibot';
import { defineFault } from './fault.ts';
import { gateAnswers, gateIsOpen, GatePath, GateTold, planGate, tellGate, untellGate } from './gate-told.ts';

export const gateClosed = defineFault({
  name: 'gate-closed',
  breaks: 'answers webhooks of the controllers with 403, as a gate that a person keeps shut',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    path: GatePath,
  }),
  state: GateTold,
  trial_needs: { components: ['gate'] },
  example: () => ({}),
  plan: (ctx, { path }, namespace) =>
    planGate(
      ctx,
      { namespace, path, status: 403, delay_ms: 0 },
      'a rollout waits, or counts failed checks, until the gate is open',
    ),
  inject: tellGate,
  probeOn: gateAnswers,
  heal: untellGate,
  probeOff: gateIsOpen,
});
