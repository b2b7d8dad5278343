import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { badRelease } from './bad-release.ts';
import { missingImage } from './missing-image.ts';
import { type Answer, openTrial, type OpenTrial } from './testing/trial.ts';

/** Errors of a release are dealt out evenly, so that this many requests show their share well. */
const REQUESTS = 200;
const SHARE = 0.5;
const SHARE_ERROR = 0.05;

let trial: OpenTrial;

beforeAll(async () => {
  trial = await openTrial();
});

afterAll(async () => {
  await trial[Symbol.asyncDispose]();
});

async function ask(count: number): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let index = 0; index < count; index += 1) answers.push(await trial.get(`/items/${(index % 50) + 1}`));
  return answers;
}

function share(answers: readonly Answer[], status: number): number {
  return answers.filter((one) => one.status === status).length / answers.length;
}

async function rolledOut(): Promise<void> {
  const { ctx, namespace } = trial;
  await ctx.kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name: 'shop' }), { deadline_s: 60 });
}

test('bad-release: users meet what its document says, and the former release once it is healed', async () => {
  await using fault = await trial.inject(badRelease, { document: 'errors-50' });
  await rolledOut();
  // The gateway hears of the new pods within a second, and the old ones drain for three.
  await expect.poll(async () => (await trial.get('/')).release, { timeout: 15_000 }).toMatch(/^errors-50-/);
  const all = await ask(REQUESTS);
  const during = all.filter(({ release }) => release.startsWith('errors-50-'));
  expect(during.length).toBeGreaterThan(REQUESTS / 2);
  expect(Math.abs(share(during, 500) - SHARE)).toBeLessThan(SHARE_ERROR);
  await fault.heal();
  const after = await ask(REQUESTS / 4);
  expect(share(after, 200)).toBe(1);
  expect(new Set(after.map(({ release }) => release))).toEqual(new Set(['v1']));
});

test('bad-release: a document that does not exist gets the nearest name, and nothing is touched', async () => {
  await expect(trial.inject(badRelease, { document: 'eror-50' })).rejects.toThrow(
    'there is no release document "eror-50"',
  );
  expect((await trial.get('/')).release).toBe('v1');
});

test('missing-image: no pod of the release starts, and users meet the former one', async () => {
  await using fault = await trial.inject(missingImage);
  expect(fault.on.seen).toMatch(/ErrImagePull|ImagePullBackOff/);
  const during = await ask(REQUESTS / 4);
  expect(share(during, 200)).toBe(1);
  await fault.heal();
  await rolledOut();
});
