import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import {
  changeData,
  DataState,
  keyOption,
  planData,
  probeData,
  probeDataRestored,
  restartOption,
  restoreData,
} from './data-change.ts';
import { defineFault } from './fault.ts';

/** A new secret of the same form: the password of an address, or the whole text. */
function rotated(text: string): string {
  const fresh = randomBytes(18).toString('base64url');
  const url = URL.parse(text);
  if (url === null || url.password === '') return fresh;
  url.password = fresh;
  return url.href;
}

/** Rotates a Secret on the side of those who use it alone, before whoever checks it knows the new one. */
export const secretRotate = defineFault({
  name: 'secret-rotate',
  breaks:
    'gives a Secret a new value that whoever checks it does not know; pods that start with it are turned away',
  radius: { reach: 'own', pods_max: 10 },
  options: v.strictObject({
    secret: v.pipe(v.string(), v.minLength(1), v.description('name of the Secret')),
    key: keyOption,
    restart: restartOption,
  }),
  state: DataState,
  trial_needs: { components: ['postgres'] },
  example: () => ({ secret: 'shop-database', key: 'url' }),
  plan: (ctx, { secret, key, restart }, namespace) =>
    planData(ctx, namespace, { kind: 'Secret', name: secret, key, restart, to: rotated }),
  inject: changeData,
  probeOn: probeData,
  heal: restoreData,
  probeOff: probeDataRestored,
});
