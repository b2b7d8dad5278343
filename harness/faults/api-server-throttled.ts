import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { textAt } from '#harness/core/kubernetes.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { freshId } from '#harness/lease/receipt.ts';
import { CURL, findApiServer, INSIDE, NODE_CLIENT } from './api-server.ts';
import { defineFault, type FaultContext, type Probe } from './fault.ts';
import { workloadOf } from './killed.ts';
import { onNode } from './node.ts';
import { runsOnNode, startOnNode, stopOnNode } from './node-loop.ts';

const API_VERSION = 'flowcontrol.apiserver.k8s.io/v1';
const SCHEMA = { api_version: API_VERSION, kind: 'FlowSchema' } as const;
const LEVEL = { api_version: API_VERSION, kind: 'PriorityLevelConfiguration' } as const;
/** Before the flow schemas that Kubernetes brings for service accounts (9000), after those for its own parts. */
const PRECEDENCE = 50;
const REMOVED_S = 20;
const QUESTIONS = 10;

/**
 * A level of no seats still serves one request at a time, when it serves no other. So the one seat is kept: by asking
 * again and again for a state of the store that will never come, for which the API server waits 3 s each time. Nobody
 * uses PodTemplates.
 */
const HOLD = `n=$1; shift
while [ "$n" -gt 0 ]; do "$@"; n=$((n - 1)); done`;
const FUTURE =
  '/api/v1/namespaces/default/podtemplates?resourceVersion=99999999999999&resourceVersionMatch=NotOlderThan';
/** Most questions when nobody is left to end them: 15 minutes. */
const HOLDS_MAX = 300;

const State = v.object({
  node: v.string(),
  name: v.string(),
  user: v.string(),
  account: v.string(),
  namespace: v.string(),
});
type State = v.InferOutput<typeof State>;

function objects({ name, account, namespace }: State): Manifest[] {
  const position = { file: 'harness/faults/api-server-throttled.ts', line: 1, column: 1 };
  const level = {
    apiVersion: API_VERSION,
    kind: LEVEL.kind,
    metadata: { name },
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 0,
        lendablePercent: 0,
        borrowingLimitPercent: 0,
        limitResponse: { type: 'Reject' },
      },
    },
  };
  const schema = {
    apiVersion: API_VERSION,
    kind: SCHEMA.kind,
    metadata: { name },
    spec: {
      matchingPrecedence: PRECEDENCE,
      priorityLevelConfiguration: { name },
      rules: [
        {
          subjects: [
            { kind: 'ServiceAccount', serviceAccount: { namespace, name: account } },
            { kind: 'User', user: { name: NODE_CLIENT } },
          ],
          resourceRules: [
            { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] },
          ],
          nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        },
      ],
    },
  };
  return [
    { object: level, position },
    { object: schema, position },
  ];
}

/** Asks as the controller would, and counts what it is answered. */
async function answered({ node, user }: State): Promise<{ refused: number; served: number }> {
  let refused = 0;
  for (let question = 0; question < QUESTIONS; question += 1) {
    const status = await onNode(node, [
      ...CURL,
      '--max-time',
      '10',
      '--header',
      `Impersonate-User: ${user}`,
      '--write-out',
      '%{http_code}',
      `${INSIDE}/version`,
    ]);
    if (status === '429') refused += 1;
  }
  return { refused, served: QUESTIONS - refused };
}

/** The refusals are the API server's own, by its priority and fairness; watches that are open stay open. */
export const apiServerThrottled = defineFault({
  name: 'api-server-throttled',
  breaks: 'makes the API server refuse what a rollout controller asks, with 429',
  radius: { reach: 'shared', pods_max: 0 },
  options: v.strictObject({
    controller: v.pipe(
      v.picklist(['flagger', 'argo-rollouts', 'source-controller', 'kustomize-controller']),
      v.description('whose requests'),
    ),
  }),
  state: State,
  trial_needs: { components: ['flagger'] },
  example: () => ({ controller: 'flagger' as const }),
  async plan(ctx, { controller }) {
    const { namespace } = workloadOf(controller);
    const found = await ctx.kube.get({ ...DEPLOYMENT, namespace, name: controller });
    const account = textAt(found, 'spec', 'template', 'spec', 'serviceAccountName');
    if (account === undefined) {
      throw new UsageError(`there is no ${controller} on the cluster, or it has no account of its own`);
    }
    const { node } = await findApiServer(ctx);
    return {
      targets: [`ServiceAccount/${namespace}/${account}`],
      harm: `${controller} can read and write next to nothing; what it watches it goes on seeing`,
      state: {
        node,
        name: `mettle-throttled-${freshId()}`,
        user: `system:serviceaccount:${namespace}:${account}`,
        account,
        namespace,
      },
    };
  },
  async inject({ kube }, state) {
    await kube.apply(objects(state));
    const hold = [...CURL, '--max-time', '10', `${INSIDE}${FUTURE}`];
    await startOnNode({ node: state.node, mark: state.name }, HOLD, [HOLDS_MAX, ...hold]);
  },
  async probeOn(_ctx, state): Promise<Probe> {
    const { refused } = await answered(state);
    return {
      holds: refused >= QUESTIONS - 1,
      seen: `${refused} of ${QUESTIONS} questions of ${state.user} are answered 429`,
    };
  },
  async heal(ctx: FaultContext, { node, name }) {
    await stopOnNode({ node, mark: name });
    const waiting = { deadline_s: REMOVED_S, progress: ctx.progress };
    await ctx.kube.remove({ ...SCHEMA, name }, waiting);
    await ctx.kube.remove({ ...LEVEL, name }, waiting);
  },
  async probeOff({ kube }, state) {
    const left = await Promise.all([
      kube.get({ ...SCHEMA, name: state.name }),
      kube.get({ ...LEVEL, name: state.name }),
    ]);
    if (left.some((one) => one !== undefined)) return { holds: false, seen: 'its flow schema is there' };
    if (await runsOnNode({ node: state.node, mark: state.name }))
      return { holds: false, seen: 'its seat is kept' };
    const { refused, served } = await answered(state);
    return { holds: refused === 0, seen: `${served} of ${QUESTIONS} questions are answered` };
  },
});
