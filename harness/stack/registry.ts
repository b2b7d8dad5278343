import { alertmanager } from './alertmanager.ts';
import { argoRollouts } from './argo-rollouts.ts';
import { chat } from './chat.ts';
import type { Component, ComponentName } from './component.ts';
import { contour } from './contour.ts';
import { flagger } from './flagger.ts';
import { flux } from './flux.ts';
import { gate } from './gate.ts';
import { git } from './git.ts';
import { guard } from './guard.ts';
import { istio } from './istio.ts';
import { istioDataplane } from './istio-dataplane.ts';
import { kubeStateMetrics } from './kube-state-metrics.ts';
import { metricsProxy } from './metrics-proxy.ts';
import { postgres } from './postgres.ts';
import { prometheus } from './prometheus.ts';
import { traefik } from './traefik.ts';

/** Every component by its name. */
export const REGISTRY: Readonly<Record<ComponentName, Component>> = {
  traefik,
  contour,
  istio,
  'istio-dataplane': istioDataplane,
  flagger,
  'argo-rollouts': argoRollouts,
  flux,
  git,
  prometheus,
  alertmanager,
  'kube-state-metrics': kubeStateMetrics,
  postgres,
  chat,
  gate,
  'metrics-proxy': metricsProxy,
  guard,
};
