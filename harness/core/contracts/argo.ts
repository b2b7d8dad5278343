import type { Contract } from './contract.ts';

/** What Argo Rollouts promises, in the order of the ids. */
export const ARGO_CONTRACTS: readonly Contract[] = [
  {
    id: 'A1',
    controller: 'argo-rollouts',
    promise:
      'Measurements that fail more often than failureLimit fail the analysis, which aborts the rollout; the stable release serves.',
    source: 'Argo Rollouts documentation, features/analysis.md; analysis/analysis.go of 1.10.0',
    threads: ['argoproj/argo-rollouts#1411'],
  },
];
