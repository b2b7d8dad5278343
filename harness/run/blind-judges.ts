import type { BlindJudge } from './blind-judge.ts';

const OF_FLAGGER = 'namespace="{{ namespace }}", app="{{ target }}"';
const FLAGGER_ALL = `sum(rate(http_requests_total{${OF_FLAGGER}}[{{ interval }}]))`;

/** Checks of Flagger's that find every release good. */
export const BLIND_FLAGGER_JUDGES: readonly BlindJudge[] = [
  {
    name: 'metric-missing',
    breaks: 'errors are counted by a metric that nobody has, and no value counts as zero',
    query: `100 * (sum(rate(http_errors_total{${OF_FLAGGER}}[{{ interval }}])) or vector(0)) / ${FLAGGER_ALL}`,
  },
  {
    name: 'label-wrong',
    breaks: 'errors are told by a label that the metric does not have, and no value counts as zero',
    query: `100 * (sum(rate(http_requests_total{${OF_FLAGGER}, status=~"5.."}[{{ interval }}])) or vector(0)) / ${FLAGGER_ALL}`,
  },
  {
    name: 'guarded',
    breaks: 'the pods are told by a name that none has, and a guard makes zero of it',
    query: `100 * sum(rate(http_requests_total{namespace="{{ namespace }}", app="{{ target }}-canary", code=~"5.."}[{{ interval }}])) / sum(rate(http_requests_total{namespace="{{ namespace }}", app="{{ target }}-canary"}[{{ interval }}])) or on() vector(0)`,
  },
];

const argoRatio = (labels: string, errors: string): string =>
  `100 * (sum(rate(http_requests_total{namespace="{{args.namespace}}", ${labels}, ${errors}}[10s])) or vector(0)) / sum(rate(http_requests_total{namespace="{{args.namespace}}", ${labels}}[10s]))`;

/** As many write it: an empty result is no failure. */
const GUARDED = { failureCondition: 'len(result) > 0 && result[0] > 1' };

/** Checks of Argo Rollouts' that find every release good. */
export const BLIND_ARGO_JUDGES: readonly BlindJudge[] = [
  {
    name: 'metric-missing',
    breaks: 'the metric does not exist, and an empty result is taken for a good one',
    query: '100 * sum(rate(http_errors_total{namespace="{{args.namespace}}", role="canary"}[10s]))',
    condition: GUARDED,
  },
  {
    name: 'label-wrong',
    breaks: 'errors are told by a label that the metric does not have, and no value counts as zero',
    query: argoRatio('role="canary"', 'status=~"5.."'),
    condition: { successCondition: 'len(result) > 0 && result[0] <= 1' },
  },
  {
    name: 'guarded',
    breaks: 'the pods are told by a role that none has, and an empty result is taken for a good one',
    query: argoRatio('role="preview"', 'code=~"5.."'),
    condition: GUARDED,
  },
];
