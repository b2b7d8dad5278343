import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { listAt, type KubeObject, textAt } from '#harness/core/kubernetes.ts';
import { freshId } from '#harness/lease/receipt.ts';
import { POD } from '#harness/kube/recording.ts';
import type { FaultContext, Probe } from './fault.ts';

/** A pod that presses on the node of the run's shop. */
export const PressurePod = v.object({
  namespace: v.string(),
  name: v.string(),
  node: v.string(),
  image: v.string(),
  held_max_s: v.number(),
});

type PressurePod = v.InferOutput<typeof PressurePod>;

/** The kubelet ends the pod after this time whoever is left to do so, in seconds. */
export const HELD_MAX = {
  held_max_s: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(10),
      v.maxValue(900),
      v.description('longest time until the kubelet itself ends it, in s; 300 when absent'),
    ),
    300,
  ),
} as const;

/**
 * Chooses the node of a shop's pod, and the shop's own image, which that node has.
 * @throws UsageError when the namespace has no running shop
 */
export async function choosePressure(
  { kube }: FaultContext,
  namespace: string,
  kind: string,
  held_max_s: number,
): Promise<PressurePod> {
  const pods = await kube.list({ ...POD, namespace, labels: 'mettle.dev/part-of=shop' });
  const pod = pods.find((one) => textAt(one, 'status', 'phase') === 'Running');
  const node = textAt(pod, 'spec', 'nodeName');
  const image = textAt(listAt(pod, 'spec', 'containers')[0], 'image');
  if (node === undefined || image === undefined) {
    throw new UsageError(`no shop runs in ${namespace} that could be pressed on`);
  }
  return { namespace, name: `mettle-${kind}-${freshId()}`, node, image, held_max_s };
}

/** Starts a program in a bounded pod beside the shop's. */
export async function beginPressure(
  { kube }: FaultContext,
  { namespace, name, node, image, held_max_s }: PressurePod,
  program: string,
  limits: Readonly<Record<'cpu' | 'memory', string>>,
): Promise<void> {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      // Placed by hand: the scheduler would look for a node that has room.
      nodeName: node,
      restartPolicy: 'Never',
      activeDeadlineSeconds: held_max_s,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      tolerations: [{ operator: 'Exists' }],
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65_532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'pressure',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['/usr/local/bin/node', '-e', program],
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
  await kube.apply([{ object, position: { file: 'harness/faults/pressure.ts', line: 1, column: 1 } }]);
}

interface Pressing {
  readonly pod: PressurePod;
}

/** How every such pressure ends: its pod goes; one that is not there is no mistake. */
export const PRESSURE_END = {
  async heal({ kube }: FaultContext, { pod: { namespace, name } }: Pressing): Promise<void> {
    await kube.beginRemoval({ ...POD, namespace, name }, 0);
  },
  async probeOff({ kube }: FaultContext, { pod: { namespace, name } }: Pressing): Promise<Probe> {
    const gone = (await kube.get({ ...POD, namespace, name })) === undefined;
    return { holds: gone, seen: gone ? `${name} is gone` : `${name} is there` };
  },
} as const;

/** What the kernel says of the pod's program: a file under /proc of its first process, whatever version of cgroups. */
export async function readProc(
  { kube }: FaultContext,
  { namespace, name }: PressurePod,
  file: 'stat' | 'status',
): Promise<string> {
  const read = `process.stdout.write(require('node:fs').readFileSync('/proc/1/${file}', 'utf8'))`;
  const { stdout } = await kube.exec({
    namespace,
    pod: name,
    command: ['/usr/local/bin/node', '-e', read],
  });
  return stdout;
}
