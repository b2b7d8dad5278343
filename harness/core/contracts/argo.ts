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
  {
    id: 'A2',
    controller: 'argo-rollouts',
    promise:
      'The fifth error in a row (consecutiveErrorLimit, 4 unless said) ends the analysis in error, which aborts the rollout; a good measurement begins the count anew.',
    source:
      'Argo Rollouts documentation, features/analysis.md and FAQ.md; utils/defaults and analysis/analysis.go of 1.10.0',
    threads: ['argoproj/argo-rollouts#2258', 'argoproj/argo-rollouts#4792'],
  },
  {
    id: 'A3',
    controller: 'argo-rollouts',
    promise:
      'An analysis without a conclusion pauses the release where it is, neither promoting nor aborting it; a person who promotes it lets it go on.',
    source: 'Argo Rollouts documentation, features/analysis.md; rollout/analysis.go of 1.10.0',
    threads: [
      'argoproj/argo-rollouts#3850',
      'argoproj/argo-rollouts#3015',
      'argoproj/argo-rollouts#926',
      'argoproj/argo-rollouts#261',
    ],
  },
  {
    id: 'A4',
    controller: 'argo-rollouts',
    promise:
      'A value that is no number, and an answer without any, count as the written condition says; result[0] over nothing is an error, and errors abort.',
    source: 'Argo Rollouts documentation, features/analysis.md; utils/evaluate/evaluate.go of 1.10.0',
    threads: [
      'argoproj/argo-rollouts#1466',
      'argoproj/argo-rollouts#2101',
      'argoproj/argo-rollouts#3503',
      'argoproj/argo-rollouts#1905',
    ],
  },
  {
    id: 'A5',
    controller: 'argo-rollouts',
    promise:
      'failureLimit and consecutiveSuccessLimit, each applicable or not, end an analysis as the table of the documentation says; a count that is reached with neither is inconclusive.',
    source:
      'Argo Rollouts documentation, features/analysis.md; assessMetricStatus in analysis/analysis.go of 1.10.0',
  },
  {
    id: 'A6',
    controller: 'argo-rollouts',
    promise:
      'What is cut short is not called good: neither a measurement in flight nor a metric that was never good before.',
    source: 'Argo Rollouts documentation, features/analysis.md; metricproviders/job/job.go of 1.10.0',
    threads: ['argoproj/argo-rollouts#1329', 'argoproj/argo-rollouts#4479', 'argoproj/argo-rollouts#2158'],
  },
  {
    id: 'A7',
    controller: 'argo-rollouts',
    promise:
      'A release that a Job has to look at is not promoted before such a Job has completed: not when the Job fails, and not when it cannot start for want of its image.',
    source: 'Argo Rollouts documentation, features/analysis.md; metricproviders/job/job.go of 1.10.0',
    threads: ['argoproj/argo-rollouts#3562', 'argoproj/argo-rollouts#4393', 'argoproj/argo-rollouts#521'],
  },
  {
    id: 'A8',
    controller: 'argo-rollouts',
    promise:
      'A metric in dry-run mode decides nothing, however it ends, and hides nothing of a metric that decides.',
    source:
      'Argo Rollouts documentation, features/analysis.md; assessRunStatus in analysis/analysis.go of 1.10.0',
    threads: ['argoproj/argo-rollouts#2399', 'argoproj/argo-rollouts#2131', 'argoproj/argo-rollouts#2151'],
  },
  {
    id: 'A9',
    controller: 'argo-rollouts',
    promise:
      'The analysis in the background begins at its starting step and ends at the promotion, the one within a step holds that step until it has ended, and there is exactly one of each.',
    source: 'Argo Rollouts documentation, features/analysis.md; rollout/analysis.go of 1.10.0',
    threads: ['argoproj/argo-rollouts#1107', 'argoproj/argo-rollouts#2863'],
  },
  {
    id: 'A10',
    controller: 'argo-rollouts',
    promise:
      'A template or an argument that is missing makes the Rollout Degraded at once with its name, nothing begins meanwhile, and the release goes on once it is there.',
    source: 'Argo Rollouts 1.10.0, getRolloutReferencedResources in rollout/controller.go',
    threads: ['argoproj/argo-rollouts#872', 'argoproj/argo-rollouts#1832'],
  },
  {
    id: 'A11',
    controller: 'argo-rollouts',
    promise:
      'A release whose pods make no progress for progressDeadlineSeconds is marked Degraded; with progressDeadlineAbort it is aborted on time. A good release, also the next one after such an abort, is not.',
    source:
      'Argo Rollouts documentation, features/specification.md; rollout/sync.go (evaluateProgressDeadlineAbort) of 1.10.0',
    threads: [
      'argoproj/argo-rollouts#1593',
      'argoproj/argo-rollouts#1624',
      'argoproj/argo-rollouts#4128',
      'argoproj/argo-rollouts#4971',
      'argoproj/argo-rollouts#3082',
      'argoproj/argo-rollouts#1225',
    ],
  },
  {
    id: 'A12',
    controller: 'argo-rollouts',
    promise:
      'An abort at any step returns all traffic to the stable release within a reconciliation; with nothing rolled out it changes nothing that serves.',
    source:
      'Argo Rollouts documentation, generated/kubectl-argo-rollouts/kubectl-argo-rollouts_abort.md; rollout/canary.go of 1.10.0',
    threads: [
      'argoproj/argo-rollouts#1292',
      'argoproj/argo-rollouts#4461',
      'argoproj/argo-rollouts#1152',
      'argoproj/argo-rollouts#2316',
      'argoproj/argo-rollouts#1259',
    ],
  },
  {
    id: 'A13',
    controller: 'argo-rollouts',
    promise:
      'After an abort the pods of the release are kept for abortScaleDownDelaySeconds (30 s unless said, for ever with 0), counted from when the traffic left, and then scaled down.',
    source:
      'Argo Rollouts documentation, features/scaledown-aborted-rs.md; rollout/replicaset.go (reconcileNewReplicaSet) of 1.10.0',
    threads: ['argoproj/argo-rollouts#1841', 'argoproj/argo-rollouts#3774', 'argoproj/argo-rollouts#1337'],
  },
  {
    id: 'A14',
    controller: 'argo-rollouts',
    promise:
      'With dynamicStableScale an abort comes to its end, and at each moment on the way the stable release has the pods for its share of the traffic.',
    source:
      'Argo Rollouts documentation, features/canary/index.md (Dynamic Stable Scale); rollout/trafficrouting.go of 1.10.0',
    threads: [
      'argoproj/argo-rollouts#4898',
      'argoproj/argo-rollouts#3020',
      'argoproj/argo-rollouts#3888',
      'argoproj/argo-rollouts#4424',
      'argoproj/argo-rollouts#4973',
    ],
  },
  {
    id: 'A15',
    controller: 'argo-rollouts',
    promise:
      'A release that is tried again after an abort is analysed anew, by every sort of analysis that it was aborted with.',
    source:
      'Argo Rollouts documentation, generated/kubectl-argo-rollouts; needsNewAnalysisRun in rollout/analysis.go of 1.10.0',
    threads: ['argoproj/argo-rollouts#2897', 'argoproj/argo-rollouts#2824', 'argoproj/argo-rollouts#3120'],
  },
  {
    id: 'A16',
    controller: 'argo-rollouts',
    promise:
      'A former release that is applied again inside the rollback window skips all steps and analyses; outside it goes through all of them. In neither case does it get traffic that its pods are too few for.',
    source:
      'Argo Rollouts documentation, features/rollback.md; rollout/sync.go (isRollbackWithinWindow) of 1.10.0',
    threads: ['argoproj/argo-rollouts#3941', 'argoproj/argo-rollouts#4612'],
  },
  {
    id: 'A17',
    controller: 'argo-rollouts',
    promise:
      'A blue/green release goes through its stages in order: preview, analysis before, pause, full size, switch, analysis after, stable; no user meets it before the switch.',
    source: 'Argo Rollouts documentation, features/bluegreen.md (Sequence of Events)',
    threads: ['argoproj/argo-rollouts#990', 'argoproj/argo-rollouts#4604'],
  },
  {
    id: 'A19',
    controller: 'argo-rollouts',
    promise:
      'With previewReplicaCount the preview has that many pods until it was found well, and users are switched to it only once it has all its pods.',
    source: 'Argo Rollouts documentation, features/bluegreen.md (previewReplicaCount)',
  },
  {
    id: 'A20',
    controller: 'argo-rollouts',
    promise:
      'The replaced set of a blue/green release lives on for scaleDownDelaySeconds; a person who applies it again within that time has it back at once, without waiting for a pause or an analysis.',
    source: 'Argo Rollouts documentation, features/bluegreen.md (scaleDownDelaySeconds), FAQ.md',
    threads: ['argoproj/argo-rollouts#4787'],
  },
  {
    id: 'A21',
    controller: 'argo-rollouts',
    promise: 'At every moment each pod says truly whether it is canary or stable.',
    source:
      'Argo Rollouts documentation, features/ephemeral-metadata.md; rollout/ephemeralmetadata.go of 1.10.0',
    threads: ['argoproj/argo-rollouts#4944', 'argoproj/argo-rollouts#2916', 'argoproj/argo-rollouts#883'],
  },
  {
    id: 'A22',
    controller: 'argo-rollouts',
    promise:
      'A Deployment that a Rollout refers to is scaled down as workloadRef.scaleDown says: never, once the Rollout is healthy, or step by step; without a gap, and it serves on where the Rollout fails.',
    source:
      'Argo Rollouts documentation, migrating.md (Reference Deployment From Rollout); rollout/sync.go and rollout/replicaset.go of 1.10.0',
    threads: [
      'argoproj/argo-rollouts#4681',
      'argoproj/argo-rollouts#4321',
      'argoproj/argo-rollouts#4935',
      'argoproj/argo-rollouts#3855',
    ],
  },
  {
    id: 'A23',
    controller: 'argo-rollouts',
    promise:
      'Each event of a rollout is told once: updated, step completed, paused, aborted, completed, analysis failed and analysis in error.',
    source: 'Argo Rollouts documentation, features/notifications.md; utils/record/record.go of 1.10.0',
    threads: [
      'argoproj/argo-rollouts#3132',
      'argoproj/argo-rollouts#1894',
      'argoproj/argo-rollouts#1305',
      'argoproj/argo-rollouts#4764',
    ],
  },
  {
    id: 'A24',
    controller: 'argo-rollouts',
    promise:
      'A rollback changes nothing in Git, and syncs that apply the same commit again do not start the bad release anew.',
    source:
      'Argo Rollouts documentation, FAQ.md (How does Argo Rollouts integrate with Argo CD?, Does Argo Rollouts write back in Git?)',
  },
  {
    id: 'A25',
    controller: 'argo-rollouts',
    promise:
      'A map that changes alone starts no rollout; one that is named anew does, and the former one is still there for pods of the former release after a rollback.',
    source: 'Argo Rollouts documentation, best-practices.md',
  },
  {
    id: 'A26',
    controller: 'argo-rollouts',
    promise:
      "Foreign edits of weights are put back, and no request fails while steps, scales or promotions change Istio's routes.",
    source: 'Argo Rollouts documentation, features/traffic-management/istio.md',
    threads: [
      'argoproj/argo-rollouts#849',
      'argoproj/argo-rollouts#587',
      'argoproj/argo-rollouts#4642',
      'argoproj/argo-rollouts#4564',
      'argoproj/argo-rollouts#3141',
    ],
    skipped: "it needs Istio's data plane, which is not built here",
  },
  {
    id: 'A27',
    controller: 'argo-rollouts',
    promise:
      'Scaling in the middle of a canary, by an autoscaler or by hand, keeps both releases at the size of their share, and wakes nothing that was given up.',
    source: 'Argo Rollouts documentation, features/hpa-support.md; utils/replicaset/canary.go of 1.10.0',
    threads: ['argoproj/argo-rollouts#2050', 'argoproj/argo-rollouts#4973'],
  },
  {
    id: 'A28',
    controller: 'argo-rollouts',
    promise: 'Writes of others to the objects of a rollout delay it, but never strand it.',
    source:
      'rollout/sync.go (persistRolloutStatus) and rollout/controller.go (rolloutVersionTracker) of Argo Rollouts 1.10.0',
    threads: [
      'argoproj/argo-rollouts#1904',
      'argoproj/argo-rollouts#1775',
      'argoproj/argo-rollouts#3080',
      'argoproj/argo-rollouts#2522',
      'argoproj/argo-rollouts#3331',
      'argoproj/argo-rollouts#3316',
    ],
  },
  {
    id: 'A30',
    controller: 'argo-rollouts',
    promise: 'A stable release that serves nobody any more can be replaced by the next release.',
    source:
      'Argo Rollouts documentation, features/canary/index.md; rollout/trafficrouting.go (checkReplicasAvailable) of 1.10.0',
    threads: ['argoproj/argo-rollouts#1774'],
  },
  {
    id: 'A32',
    controller: 'argo-rollouts',
    promise:
      "Of two controllers one acts at a time, and when it dies the other takes over within the lease's time and goes on where it stopped.",
    source:
      'Argo Rollouts documentation, FAQ.md (Can I run the Argo Rollouts controller in HA mode?); controller/controller.go of 1.10.0',
    threads: ['argoproj/argo-rollouts#1904', 'argoproj/argo-rollouts#2522'],
  },
  {
    id: 'A33',
    controller: 'argo-rollouts',
    promise:
      'A pause that is longer than progressDeadlineSeconds does not count as stuck; a full promotion skips the steps, pauses and analyses that are left, and nothing else.',
    source:
      'Argo Rollouts documentation, features/specification.md; generated/kubectl-argo-rollouts/kubectl-argo-rollouts_promote.md',
  },
  {
    id: 'A34',
    controller: 'argo-rollouts',
    promise:
      'After an abort the controller comes to rest: the canary Service is pointed at the stable pods, and stays with them.',
    source:
      'rollout/trafficrouting.go (reconcileTrafficRouting) and rollout/service.go (reconcileStableAndCanaryService) of Argo Rollouts 1.10.0',
    threads: ['argoproj/argo-rollouts#3078', 'argoproj/argo-rollouts#4973'],
  },
];
