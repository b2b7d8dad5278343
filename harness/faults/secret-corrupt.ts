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

const PLACES = 7;

function moved(letter: string, first: number, count: number): string {
  return String.fromCodePoint((((letter.codePointAt(0) ?? first) - first + PLACES) % count) + first);
}

/** The text with its letters and digits moved on by some places: as long as before, and nothing that it was. */
function garbled(text: string): string {
  const result = text
    .replaceAll(/[a-z]/g, (letter) => moved(letter, 97, 26))
    .replaceAll(/[A-Z]/g, (letter) => moved(letter, 65, 26))
    .replaceAll(/\d/g, (letter) => moved(letter, 48, 10));
  return result === text ? `${text}garbled` : result;
}

/** Corrupts a value of a Secret. What it was stays in the receipt, which only its owner can read. */
export const secretCorrupt = defineFault({
  name: 'secret-corrupt',
  breaks: 'corrupts a value of a Secret; pods that start with it cannot use it',
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
    planData(ctx, namespace, { kind: 'Secret', name: secret, key, restart, to: garbled }),
  inject: changeData,
  probeOn: probeData,
  heal: restoreData,
  probeOff: probeDataRestored,
});
