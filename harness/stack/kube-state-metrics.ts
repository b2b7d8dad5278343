import { component } from './component.ts';

/** Turns the states of objects into metrics, so that alert rules can speak of crash loops and of rollouts. */
export const kubeStateMetrics = component({ name: 'kube-state-metrics', namespace: 'monitoring' });
