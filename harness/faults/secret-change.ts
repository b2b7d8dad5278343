import * as v from 'valibot';
import { DATA_CHANGE, keyOption, planData, restartOption } from './data-change.ts';
import { defineFault, type Fault } from './fault.ts';

/** A fault that gives a value of a Secret another text. What it was stays in the receipt, which only its owner can read. */
export function secretFault(fault: {
  readonly name: string;
  readonly breaks: string;
  readonly to: (text: string) => string;
}): Fault {
  const { to, ...named } = fault;
  return defineFault({
    ...named,
    ...DATA_CHANGE,
    radius: { reach: 'own', pods_max: 10 },
    options: v.strictObject({
      secret: v.pipe(v.string(), v.minLength(1), v.description('name of the Secret')),
      key: keyOption,
      restart: restartOption,
    }),
    trial_needs: { components: ['postgres'] },
    example: () => ({ secret: 'shop-database', key: 'url' }),
    plan: (ctx, { secret, key, restart }, namespace) =>
      planData(ctx, namespace, { kind: 'Secret', name: secret, key, restart, to }),
  });
}
