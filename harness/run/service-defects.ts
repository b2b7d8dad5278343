import { listAt } from '#harness/core/kubernetes.ts';
import type { ServiceDefect } from './zero-downtime.ts';

type Container = Readonly<Record<string, unknown>>;

/** The specification of a Deployment with each container of its pods changed. */
function withContainers(spec: object, change: (container: Container) => Container): object {
  const template = Object(Reflect.get(spec, 'template'));
  const pod = Object(template.spec);
  const containers = listAt(pod, 'containers').map((one) => change(Object(one)));
  return { ...spec, template: { ...template, spec: { ...pod, containers } } };
}

/** Each must turn the verdict of the zero-downtime scenario red. */
export const SERVICE_DEFECTS: readonly ServiceDefect[] = [
  {
    name: 'recreate',
    breaks: 'every pod is stopped before a new one is started',
    noticed_by: 'no-failed-request',
    deployment: (spec) => ({ ...spec, strategy: { type: 'Recreate' } }),
  },
  {
    name: 'all-at-once',
    breaks: 'pods are replaced all at once, and nobody asks whether they are ready',
    noticed_by: 'no-failed-request',
    deployment: (spec) => ({
      ...withContainers(spec, ({ readinessProbe: _asked, ...container }) => container),
      strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' } },
    }),
  },
];
