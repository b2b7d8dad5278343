import * as v from 'valibot';
import { conditionOf } from '#harness/core/kstatus.ts';
import { UsageError } from '#harness/core/errors.ts';
import { textAt } from '#harness/core/kubernetes.ts';
import { beginRepository, type GitCheckout, openRepository } from '#harness/git/checkout.ts';
import { GIT_REPOSITORY, KUSTOMIZATION } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { gitRemote } from '#harness/stack/git.ts';
import { beginDelivery } from '#harness/stack/shop-git.ts';
import { defineFault, type FaultContext, type Trial } from './fault.ts';

const SOURCE = { ...GIT_REPOSITORY, name: 'shop' } as const;
const APPLIER = { ...KUSTOMIZATION, name: 'shop' } as const;

const State = v.object({
  namespace: v.string(),
  repository: v.string(),
  file: v.string(),
  before: v.string(),
  after: v.string(),
  /** Commit that was delivered before. */
  revision: v.string(),
});
type State = v.InferOutput<typeof State>;

/** What the trial's repository holds, and where. */
const TRIAL_FILE = 'apps/shop/settings.yaml';
const TRIAL_VALUE = 'currency: EUR';
const TRIAL_READY_S = 60;

async function checkout({ kube, cluster }: FaultContext, repository: string): Promise<GitCheckout> {
  return await openRepository(await gitRemote(kube, cluster, repository));
}

/** The revision that Flux has fetched, tried or applied, less the branch in front of it. */
function commitIn(text: string | undefined): string {
  return text?.split(':').at(-1) ?? '';
}

/** Puts one text of a file in the place of another, where that is what stands there, and pushes it. */
async function replace(
  ctx: FaultContext,
  { repository, file }: State,
  { from, to, message }: { readonly from: string; readonly to: string; readonly message: string },
): Promise<void> {
  await using copy = await checkout(ctx, repository);
  if ((await copy.read(file)) !== from) return;
  await copy.push({ message, files: { [file]: to } });
}

/** A repository of the trial's own that delivers a ConfigMap. */
async function deliver({ ctx, namespace }: Trial): Promise<void> {
  const { kube, cluster, progress } = ctx;
  if ((await kube.get({ ...SOURCE, namespace })) === undefined) {
    const remote = await gitRemote(kube, cluster, namespace);
    await using repository = await beginRepository(remote);
    const metadata = 'metadata: { name: delivered-settings }';
    await repository.push({
      message: 'Settings',
      files: {
        [TRIAL_FILE]: `apiVersion: v1\nkind: ConfigMap\n${metadata}\ndata:\n  ${TRIAL_VALUE}\n`,
        'apps/shop/kustomization.yaml':
          'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [settings.yaml]\n',
      },
    });
    const stack = { kube, artifacts: { images: {} }, components: [], progress };
    await beginDelivery(stack, { namespace, repository: namespace, remote, applier: 'kustomization' });
  }
  await kube.waitFor(isCurrent({ ...APPLIER, namespace }), { deadline_s: TRIAL_READY_S });
}

/**
 * Breaks a text in a Git repository that Flux delivers from, as a commit of a person does. It is healed by a further commit,
 * as that person would: the history keeps both.
 */
export const configCommit = defineFault({
  name: 'config-commit',
  breaks: 'changes a text of a file in the Git repository that Flux delivers from, by a commit',
  radius: { reach: 'own', pods_max: 10 },
  options: v.strictObject({
    repository: v.optional(
      v.pipe(
        v.string(),
        v.minLength(1),
        v.description("name of the repository; the namespace's when absent"),
      ),
    ),
    file: v.pipe(v.string(), v.minLength(1), v.description('path of the file in the repository')),
    from: v.pipe(v.string(), v.minLength(1), v.description('text that stands in the file exactly once')),
    to: v.pipe(v.string(), v.description('text that is put in its place; none removes it')),
  }),
  state: State,
  trial_needs: { components: ['flux', 'git'] },
  proof_s: 60,
  async example(trial) {
    await deliver(trial);
    return { file: TRIAL_FILE, from: TRIAL_VALUE, to: 'currency: [' };
  },
  async plan(ctx, { repository: named, file, from, to }, namespace) {
    const repository = named ?? namespace;
    const source = await ctx.kube.get({ ...SOURCE, namespace });
    const applier = await ctx.kube.get({ ...APPLIER, namespace });
    if (source === undefined || applier === undefined) {
      throw new UsageError(`nothing is delivered to ${namespace} by Flux`, {
        next: 'config-value and its like change what is in the cluster.',
      });
    }
    await using copy = await checkout(ctx, repository);
    const before = await copy.read(file);
    if (before === undefined) throw new UsageError(`repository ${repository} has no file ${file}`);
    const places = before.split(from).length - 1;
    if (places !== 1) {
      throw new UsageError(`${JSON.stringify(from)} stands ${places} times in ${file}, not once`);
    }
    return {
      targets: [`Repository/${repository}/${file}`],
      harm: `Flux applies a broken ${file} to ${namespace}, or refuses it and applies nothing that comes after it`,
      state: {
        namespace,
        repository,
        file,
        before,
        after: before.replace(from, () => to),
        revision: commitIn(textAt(source, 'status', 'artifact', 'revision')),
      },
    };
  },
  inject: (ctx, state) =>
    replace(ctx, state, { from: state.before, to: state.after, message: `Change ${state.file}` }),
  async probeOn({ kube }, { namespace, revision }) {
    const applier = await kube.get({ ...APPLIER, namespace });
    const tried = commitIn(textAt(applier, 'status', 'lastAttemptedRevision'));
    const ready = applier && conditionOf(applier, 'Ready');
    return {
      holds: tried !== '' && tried !== revision,
      seen: `Flux tried ${tried.slice(0, 12) || 'nothing'}, ${ready?.reason ?? 'no word on it'}`,
    };
  },
  heal: (ctx, state) =>
    replace(ctx, state, { from: state.after, to: state.before, message: `Change ${state.file} back` }),
  async probeOff(ctx, { namespace, repository, file, before }) {
    await using copy = await checkout(ctx, repository);
    if ((await copy.read(file)) !== before) return { holds: false, seen: `${file} is changed still` };
    const head = await copy.head();
    const applier = await ctx.kube.get({ ...APPLIER, namespace });
    const applied = commitIn(textAt(applier, 'status', 'lastAppliedRevision'));
    const ready = applier && conditionOf(applier, 'Ready');
    return {
      // What is applied is written down before it is looked at, and until then Flux does not say that it is ready.
      holds: applied === head && ready?.status === 'True',
      seen: `${file} is as before; ${applied.slice(0, 12)} is applied, ${head.slice(0, 12)} asked for, ${ready?.reason ?? 'no word on it'}`,
    };
  },
});
