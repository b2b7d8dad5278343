/** What stands in the way of a rebuild until somebody notices it and puts it right by hand. */
import { setTimeout as delay } from 'node:timers/promises';
import { nodeOf } from '#harness/cluster/node-images.ts';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import { onNode } from '#harness/faults/node.ts';
import { POD, SECRET } from '#harness/kube/recording.ts';
import type { SealedSecret } from '#harness/offsite/sealed.ts';
import { DATABASE_POD } from '#harness/stack/postgres.ts';
import { DATABASE_SECRET } from '#harness/stack/shop-manifests.ts';
import { FLEET_READY_S, type Reached } from './ground.ts';
import { lacksImage, lookUntil } from './look.ts';
import type { Obstacle } from './rebuild.ts';
import type { Losing } from './recover.ts';
import { step } from './steps.ts';

/** Secrets that Flagger copies for its primary are called so. */
const OF_PRIMARY = '-primary';
const LOG_LINES = 500;
const CTR = ['ctr', '--namespace', 'k8s.io', 'images'] as const;
const REFUSED = 'password authentication failed for user "shop"';

function isShopAccess({ run }: Losing, { namespace, name }: SealedSecret): boolean {
  return namespace === run.run_id && name === DATABASE_SECRET;
}

function urlOf(secret: SealedSecret): string {
  const url = secret.values['url'];
  if (url === undefined) throw new UnfitError(`the sealed Secret ${secret.name} has no url`);
  return url;
}

/** The vault holds the shop's password of before the last rotation: the restored database refuses it. */
export function staleSecret(): Obstacle {
  let right: string | undefined;
  return {
    place: async (_after, losing) => {
      const { offsite } = losing.ground;
      const sealed = await offsite.unseal();
      const stale = sealed.map((secret) => {
        if (!isShopAccess(losing, secret)) return secret;
        right = urlOf(secret);
        const url = new URL(right);
        url.password = 'of-before-the-rotation';
        return { ...secret, values: { ...secret.values, url: url.href } };
      });
      if (right === undefined) throw new UnfitError('the vault has no Secret of the shop');
      await offsite.seal(stale);
      losing.run.note(`the sealed Secret ${DATABASE_SECRET} is of before the last rotation`);
    },
    overcome: async (after, losing) => {
      const { run, ground } = losing;
      const url = right;
      if (url === undefined) throw new UnfitError('the vault has no Secret of the shop');
      await step(
        run,
        {
          name: 'notice',
          title: 'waiting until the database refuses the stale password',
          by_hand: `kubectl -n ${DATABASE_POD.namespace} logs ${DATABASE_POD.name} | grep FATAL`,
        },
        () => untilRefused(after, losing),
      );
      await step(
        run,
        {
          name: 'secret',
          title: 'putting the present password in place of the stale one',
          by_hand: `kubectl -n ${run.run_id} create secret generic ${DATABASE_SECRET} --dry-run=client -o yaml | kubectl apply -f -`,
        },
        async () => {
          const sealed = await ground.offsite.unseal();
          await ground.offsite.seal(
            sealed.map((one) =>
              isShopAccess(losing, one) ? { ...one, values: { ...one.values, url } } : one,
            ),
          );
          return await replaceSecret(after, run.run_id, url);
        },
      );
    },
  };
}

async function untilRefused({ kube }: Reached, { run }: Losing): Promise<string> {
  const { namespace, name } = DATABASE_POD;
  return await lookUntil(
    async () => {
      // While the pod is not there yet it has no log.
      const log = await kube.logs(namespace, name, { tail_lines: LOG_LINES }).catch(messageOf);
      return log.includes(REFUSED) ? { found: `the database says: ${REFUSED}` } : { seen: log.slice(-200) };
    },
    { awaited: 'the database to refuse the stale password', deadline_s: FLEET_READY_S, signal: run.signal },
  );
}

/** The Secret, and the copy that Flagger may have made of it already; pods read it when they start. */
async function replaceSecret({ kube }: Reached, namespace: string, url: string): Promise<string> {
  const change = { data: { url: Buffer.from(url).toString('base64') } };
  await kube.patch({ ...SECRET, namespace, name: DATABASE_SECRET }, change);
  const copy = { ...SECRET, namespace, name: `${DATABASE_SECRET}${OF_PRIMARY}` };
  if ((await kube.get(copy)) !== undefined) await kube.patch(copy, change);
  const pods = await kube.list({ ...POD, namespace });
  for (const { metadata } of pods) await kube.beginRemoval({ ...POD, namespace, name: metadata.name }, 0);
  return `the Secret is the present one, and ${pods.length} pods were started anew`;
}

const FLAGGER = { component: 'flagger', namespace: 'flagger-system' } as const;

/** The node lacks Flagger's image, without which nobody makes the release that serves. */
export function missingImage(): Obstacle {
  const hidden: { node: string; image: string }[] = [];
  return {
    place: async ({ cluster, ctx }, { run }) => {
      const image = ctx.artifacts.images[FLAGGER.component];
      if (image === undefined) throw new UnfitError('no image of Flagger was made ready');
      const node = await nodeOf(cluster);
      await onNode(node, [...CTR, 'tag', image, hiddenName(image)]);
      await onNode(node, [...CTR, 'rm', image]);
      hidden.push({ node, image });
      run.note(`the image of Flagger, ${image}, is not on the node`);
    },
    overcome: async ({ kube }, { run }) => {
      const waiting = { deadline_s: FLEET_READY_S, progress: run.progress, signal: run.signal };
      const by_hand = `kubectl -n ${FLAGGER.namespace} get pods`;
      await step(run, { name: 'notice', title: 'waiting until a pod lacks its image', by_hand }, () =>
        kube.waitFor(lacksImage(FLAGGER.namespace), waiting),
      );
      const load = {
        name: 'image',
        title: 'loading the image into the node',
        by_hand: 'kind load image-archive flagger.tar',
      };
      await step(run, load, async () => {
        for (const { node, image } of hidden) await onNode(node, [...CTR, 'tag', hiddenName(image), image]);
        const pods = await kube.list({ ...POD, namespace: FLAGGER.namespace });
        // The kubelet would wait longer and longer before it looks for the image again.
        for (const { metadata } of pods) {
          await kube.beginRemoval({ ...POD, namespace: FLAGGER.namespace, name: metadata.name }, 0);
        }
        return hidden.map(({ image }) => `${image} is on the node`).join(', ');
      });
    },
  };
}

function hiddenName(image: string): string {
  return `${image}-hidden`;
}

/** Nobody does anything until the promised time has passed by so much: a seeded defect. */
export function lateBy(seconds: number, recovery_time_s: number): Obstacle {
  return {
    place: async (_after, { run }) => {
      const lost_at = run.timeline.snapshot().of('recovery', 'destroyed')[0]?.at ?? Date.now();
      const until = lost_at + (recovery_time_s + seconds) * 1000;
      await delay(Math.max(0, until - Date.now()), undefined, { signal: run.signal });
    },
    overcome: () => Promise.resolve(),
  };
}
