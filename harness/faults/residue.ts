/**
 * Everything that a fault could leave behind, as lines of text that are the same before and after when nothing is left.
 * What differs from one moment to the next without any fault (names of pods, addresses, counters) is left out.
 */
import { createHash } from 'node:crypto';
import { messageOf } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { at, type KubeObject, listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
import type { ListableKind } from '#harness/kube/client.ts';
import { POD } from '#harness/kube/recording.ts';
import { readReceipts } from '#harness/lease/receipt.ts';
import { run } from '#harness/process/run.ts';
import { DATABASE_POD } from '#harness/stack/postgres.ts';
import { GATE_PORT } from '#harness/stack/gate.ts';
import { CONTROL_PORT } from '#harness/stack/metrics-proxy.ts';
import { sqlRows } from '#harness/stack/superuser.ts';
import { TOXIPROXY, TOXIPROXY_PORT } from '#harness/stack/toxiproxy.ts';
import type { FaultContext } from './fault.ts';
import { readHeal } from './heal.ts';
import { nodesOf, tryOnNode } from './node.ts';

export interface ResidueScope {
  /** The namespace that the fault was to act in. */
  readonly namespace: string;
  /** True when nothing else acts on the cluster: then all of it is looked at. */
  readonly whole: boolean;
}

/** Kinds that change by themselves, or that pods stand for. */
const FLEETING = new Set([
  'Event',
  'Lease',
  'Endpoints',
  'EndpointSlice',
  'PodMetrics',
  'NodeMetrics',
  'CSINode',
  'ComponentStatus',
  'AnalysisRun',
  'ControllerRevision',
]);
/** Annotations and labels that count or remember what was done before. */
const FLEETING_KEYS = /^(?:deployment\.kubernetes\.io\/|rollout\.argoproj\.io\/revision|flagger-id)/;

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}

function without(keys: unknown): object {
  return Object.fromEntries(Object.entries(Object(keys)).filter(([key]) => !FLEETING_KEYS.test(key)));
}

/** What was asked of an object, without what the API server and controllers note about it. */
function asked(object: KubeObject): object {
  const { apiVersion: _api, kind: _kind, metadata, status: _status, ...rest } = object;
  return {
    ...rest,
    labels: without(metadata.labels),
    annotations: without(metadata.annotations),
    finalizers: at(metadata, 'finalizers'),
    terminating: metadata.deletionTimestamp !== undefined,
  };
}

function podLine(pod: KubeObject): string {
  const owner = listAt(pod, 'metadata', 'ownerReferences')[0];
  const whose = `${textAt(owner, 'kind') ?? 'nobody'}/${textAt(owner, 'name') ?? pod.metadata.name}`;
  return `pod of ${pod.metadata.namespace}/${whose}: ${statusOf(pod).standing}`;
}

function nodeLine(node: KubeObject): string {
  return `${nameOf(node)} ${digest({ spec: node['spec'], labels: node.metadata.labels })} ${statusOf(node).standing}`;
}

function objectLine(object: KubeObject): string {
  if (object.kind === 'Pod') return podLine(object);
  if (object.kind === 'Node') return nodeLine(object);
  const workload = ['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout'].includes(object.kind);
  return `${nameOf(object)} ${digest(asked(object))}${workload ? ` ${statusOf(object).standing}` : ''}`;
}

const known = new WeakMap<object, Promise<readonly ListableKind[]>>();

/** Kinds are asked for once; a definition that a fault would add is an object of its own. */
async function kindsOf({ kube }: FaultContext): Promise<readonly ListableKind[]> {
  const found = known.get(kube) ?? kube.kinds();
  known.set(kube, found);
  return (await found).filter(({ kind }) => !FLEETING.has(kind));
}

async function objectLines(
  ctx: FaultContext,
  { namespace, whole }: ResidueScope,
): Promise<readonly string[]> {
  const kinds = (await kindsOf(ctx)).filter(({ namespaced }) => namespaced || whole);
  const lists = await Promise.all(
    kinds.map(({ api_version, kind, namespaced }) =>
      ctx.kube.list({ api_version, kind, ...(namespaced && !whole ? { namespace } : {}) }),
    ),
  );
  return lists.flat().map(objectLine);
}

/** Everything in one go, because each look into a node costs more than what it reads. */
const LOOK = [
  'iptables-save',
  'ip6tables-save',
  'ps -eo stat=,comm= | awk \'$1 ~ /^T/ { print "stopped " $2 }\'',
  "ps -eo comm=,cgroup= | grep -v -e kubepods -e '^ps ' | awk '{ print \"process \" $1 }' | sort -u",
  'sha256sum /etc/kubernetes/manifests/* /etc/resolv.conf /etc/hosts /var/lib/kubelet/config.yaml 2>/dev/null',
].join('; ');

/** Rules of kube-proxy and of the pods' network follow the pods; those of a fault stand in none of their chains. */
const OF_PODS = /^(?:#|:(?:KUBE|CNI)-|-A (?:KUBE|CNI)-|-A POSTROUTING -s 10\.)/;
/** What a look into the node, or a pod that starts, starts itself. */
const OWN_PROCESS =
  /^process (?:sh|bash|awk|sort|grep|sed|sha256sum|runc|runc-fit|ctr|exe|portmap|ptp|host-local|loopback|bridge|ipt?6?tables.*|xtables.*|mount.*|umount.*|kill|cat|kubectl|\(.*|conntrack|systemd-.*|kworker.*|containerd-shim.*|pause|node)$/;

async function nodeLines(ctx: FaultContext): Promise<readonly string[]> {
  const nodes = await nodesOf(ctx);
  const { stdout } = await run(
    [
      'docker',
      'inspect',
      '--format',
      '{{.Name}} {{.State.Status}} {{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}}',
      ...nodes,
    ],
    { timeout_s: 20 },
  );
  const looks = await Promise.all(
    nodes.map(async (node) => {
      const found = await tryOnNode(node, ['sh', '-c', LOOK]);
      if (found.stdout === '') return [`${node} cannot be looked into: ${found.stderr.trim()}`];
      return found.stdout
        .split('\n')
        .map((line) => line.replaceAll(/\s*\[\d+:\d+\]/g, ''))
        .filter((line) => line !== '' && !OF_PODS.test(line) && !OWN_PROCESS.test(line))
        .map((line) => `${node} ${line}`);
    }),
  );
  return [...stdout.split('\n').filter(Boolean), ...looks.flat()];
}

async function proxyLines(
  { kube }: FaultContext,
  { namespace, whole }: ResidueScope,
): Promise<readonly string[]> {
  const pods = await kube.list({ ...POD, ...(whole ? {} : { namespace }), labels: `app=${TOXIPROXY}` });
  const answers = await Promise.all(
    pods
      .filter((pod) => statusOf(pod).standing === 'Current')
      .map(async ({ metadata }) => {
        const from = metadata.namespace ?? namespace;
        const text = await kube.proxyGet(
          { namespace: from, pod: metadata.name, port: TOXIPROXY_PORT },
          '/proxies',
        );
        return `proxies of ${from}: ${text}`;
      }),
  );
  return answers;
}

/** What the stubs of the stack were told about the namespace. */
async function toldLines({ kube }: FaultContext, namespace: string): Promise<readonly string[]> {
  const [gate, metrics] = await Promise.all([
    kube.proxyGet(GATE_PORT, '/-/behaviour').catch(() => ''),
    kube.proxyGet(CONTROL_PORT, '/behaviour').catch(() => ''),
  ]);
  return [
    `the gate was told of ${namespace}: ${gate.includes(`"${namespace}"`)}`,
    `the proxy of metrics was told of ${namespace}: ${metrics.includes(`"${namespace}"`)}`,
  ];
}

const DATABASE_STATE = [
  "SELECT 'setting ' || setdatabase || ' ' || setrole || ' ' || array_to_string(setconfig, ',') FROM pg_db_role_setting;",
  "SELECT 'file ' || name || ' ' || setting FROM pg_file_settings;",
  "SELECT 'role ' || rolname || ' ' || rolconnlimit || ' ' || rolcanlogin FROM pg_roles;",
  "SELECT 'database ' || datname || ' ' || datconnlimit || ' ' || datallowconn FROM pg_database;",
  "SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal;",
  "SELECT 'lock on ' || relation::regclass FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation IS NOT NULL;",
].join('\n');

/** Lines of other namespaces' schemas are theirs. */
async function databaseLines(
  ctx: FaultContext,
  { namespace, whole }: ResidueScope,
): Promise<readonly string[]> {
  const pod = await ctx.kube.get({ ...POD, ...DATABASE_POD });
  if (pod === undefined) return [];
  if (statusOf(pod).standing !== 'Current') return ['the database is not ready'];
  const schema = namespace.replaceAll('-', '_');
  const rows = await sqlRows(ctx, DATABASE_STATE);
  return rows
    .filter((row) => whole || !/^(?:trigger|lock)/.test(row) || row.includes(schema))
    .map((row) => `database: ${row}`);
}

async function receiptLines({ cluster }: FaultContext, namespace: string): Promise<readonly string[]> {
  const { receipts } = await readReceipts();
  return receipts
    .filter(({ kind }) => kind === 'fault')
    .map(readHeal)
    .filter((one) => one.cluster === cluster.name && one.namespace === namespace)
    .map(({ fault, targets }) => `receipt of ${fault} on ${targets.join(', ')}`);
}

/** A part that cannot be read now is different from one that can. */
async function orWhy(part: string, lines: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await lines;
  } catch (error) {
    return [`${part} cannot be read: ${messageOf(error)}`];
  }
}

/**
 * What there is now, in order. Never throws: what cannot be read is a line of its own, which the state before has not.
 */
export async function readTraces(ctx: FaultContext, scope: ResidueScope): Promise<readonly string[]> {
  const { namespace } = scope;
  const parts = await Promise.all([
    orWhy('objects', objectLines(ctx, scope)),
    orWhy('nodes', nodeLines(ctx)),
    orWhy('proxies', proxyLines(ctx, scope)),
    orWhy('stubs', toldLines(ctx, namespace)),
    orWhy('database', databaseLines(ctx, scope)),
    orWhy('receipts', receiptLines(ctx, namespace)),
  ]);
  return parts.flat().toSorted();
}

/** Lines that one has more often than the other, with their sign. */
export function residue(before: readonly string[], after: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of after) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of before) counts.set(line, (counts.get(line) ?? 0) - 1);
  return [...counts].flatMap(([line, count]) =>
    count === 0 ? [] : [`${count > 0 ? 'left' : 'missing'}: ${line}`],
  );
}
