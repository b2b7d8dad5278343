import type { Contract } from './contract.ts';

/** What Flagger promises, in the order of the ids. */
export const FLAGGER_CONTRACTS: readonly Contract[] = [
  {
    id: 'F1',
    controller: 'flagger',
    promise:
      'Failing checks roll the release back at the threshold: all traffic to the primary, no pod of the canary, phase Failed.',
    source:
      'Flagger documentation, usage/how-it-works.md; pkg/controller/scheduler.go (advanceCanary) of 1.44.0',
    threads: ['fluxcd/flagger#1754'],
  },
  {
    id: 'F3',
    controller: 'flagger',
    promise:
      'A check without a value, or with NaN, counts as one failed check, and the canary does not advance.',
    source: 'pkg/metrics/providers/prometheus.go (RunQuery) of 1.44.0; fluxcd/flagger#1095',
    threads: ['fluxcd/flagger#1098', 'fluxcd/flagger#1353', 'fluxcd/flagger#1689'],
  },
  {
    id: 'F4',
    controller: 'flagger',
    promise:
      'A Prometheus that cannot be reached, or takes longer than 5 s, costs one failed check an interval: rolled back at the threshold, never promoted.',
    source: 'pkg/metrics/providers/prometheus.go (RunQuery) and runMetricChecks in pkg/controller of 1.44.0',
    threads: ['fluxcd/flagger#1163'],
  },
  {
    id: 'F5',
    controller: 'flagger',
    promise: 'A value that is not finite passes no check.',
    source: 'pkg/metrics/providers/prometheus.go (RunQuery) of 1.44.0, which leaves out NaN alone',
    threads: ['fluxcd/flagger#1098'],
  },
  {
    id: 'F6',
    controller: 'flagger',
    promise: 'A Canary without metrics is promoted on the health of its pods alone.',
    source:
      'Flagger documentation, usage/how-it-works.md; runAnalysis in pkg/controller/scheduler.go of 1.44.0',
    threads: ['fluxcd/flagger#1098'],
  },
  {
    id: 'F7',
    controller: 'flagger',
    promise:
      'A canary whose pods never all become ready is rolled back once progressDeadlineSeconds is over, and no user meets it.',
    source:
      'Flagger documentation, usage/how-it-works.md; isDeploymentReady in pkg/canary/deployment_ready.go of 1.44.0',
    threads: ['fluxcd/flagger#1247', 'fluxcd/flagger#1578', 'fluxcd/flagger#724'],
  },
  {
    id: 'F8',
    controller: 'flagger',
    promise: 'Every rollback sends an alert.',
    source: 'Flagger documentation, usage/alerting.md',
    threads: ['fluxcd/flagger#1663', 'fluxcd/flagger#1816'],
  },
  {
    id: 'F9',
    controller: 'flagger',
    promise:
      'A primary that fails during the promotion leaves users on the healthy canary: phase Failed, all traffic to the canary, its pods stay, and an alert says so.',
    source: 'handleFailedPromotion in pkg/controller/scheduler.go of 1.44.0',
    threads: ['fluxcd/flagger#1898', 'fluxcd/flagger#1931', 'fluxcd/flagger#1591', 'fluxcd/flagger#1932'],
  },
  {
    id: 'F11',
    controller: 'flagger',
    promise:
      'A promoted release loses its canary, traffic first and then pods, only once every pod of the primary runs it and is ready.',
    source: 'Flagger documentation, usage/deployment-strategies.md',
    threads: ['fluxcd/flagger#1202'],
  },
  {
    id: 'F12',
    controller: 'flagger',
    promise:
      'A closed confirm-rollout hook holds the rollout back before it begins: phase Waiting, no pod of the release, no share of the traffic, one message.',
    source:
      'Flagger documentation, usage/webhooks.md; pkg/controller/scheduler_hooks.go (runConfirmRolloutHooks) of 1.44.0',
    threads: ['fluxcd/flagger#874', 'fluxcd/flagger#669'],
  },
  {
    id: 'F13',
    controller: 'flagger',
    promise:
      'A failing pre-rollout hook counts as a failed check, and the release is given no traffic while it fails.',
    source: 'Flagger documentation, usage/webhooks.md; pkg/controller/scheduler.go (advanceCanary) of 1.44.0',
    threads: ['fluxcd/flagger#1663', 'fluxcd/flagger#1816'],
  },
  {
    id: 'F14',
    controller: 'flagger',
    promise:
      'A rollout hook that answers no 2xx, or too late, halts the advance and counts as a failed check, towards the rollback at the threshold.',
    source: 'Flagger documentation, usage/webhooks.md; pkg/controller/scheduler.go (runAnalysis) of 1.44.0',
  },
  {
    id: 'F15',
    controller: 'flagger',
    promise:
      'A closed confirm-traffic-increase hook holds the canary at its weight; nothing of the analysis starts again.',
    source:
      'Flagger documentation, usage/webhooks.md; pkg/controller/scheduler_hooks.go (runConfirmTrafficIncreaseHooks) of 1.44.0',
    threads: ['fluxcd/flagger#1248'],
  },
  {
    id: 'F16',
    controller: 'flagger',
    promise:
      'A closed confirm-promotion hook holds the rollout in phase WaitingPromotion before anything is copied to the primary, and the checks go on.',
    source:
      'Flagger documentation, usage/webhooks.md; pkg/controller/scheduler_hooks.go (runConfirmPromotionHooks) of 1.44.0',
  },
  {
    id: 'F17',
    controller: 'flagger',
    promise:
      'A rollback hook that answers 2xx rolls the release back, in phase Progressing and in phase Waiting.',
    source: 'Flagger documentation, usage/webhooks.md',
    threads: ['fluxcd/flagger#1432', 'fluxcd/flagger#1268'],
  },
  {
    id: 'F18',
    controller: 'flagger',
    promise:
      'The post-rollout hook is called once for each rollout that ended, with the phase that it ended in.',
    source:
      'Flagger documentation, usage/webhooks.md; pkg/controller/scheduler_hooks.go (runPostRolloutHooks) of 1.44.0',
    threads: ['fluxcd/flagger#1918', 'fluxcd/flagger#1792'],
  },
  {
    id: 'F19',
    controller: 'flagger',
    promise:
      'The event hook is told each event as JSON, with a time-out and retries of its own, and a receiver that is dead does not delay the rollout.',
    source:
      'Flagger documentation, usage/webhooks.md; pkg/controller/events.go (sendEventToWebhook) of 1.44.0',
    threads: ['fluxcd/flagger#1797'],
  },
  {
    id: 'F20',
    controller: 'flagger',
    promise:
      "A changed ConfigMap or Secret that the pods refer to starts an analysis; the primary's copies change only with a promotion, so a rollback leaves them alone; a map that opts out starts nothing.",
    source: 'Flagger documentation, usage/how-it-works.md; pkg/canary/config_tracker.go of 1.44.0',
    threads: ['fluxcd/flagger#36', 'fluxcd/flagger#780', 'fluxcd/flagger#1925', 'fluxcd/flagger#658'],
  },
  {
    id: 'F21',
    controller: 'flagger',
    promise:
      'A new revision in the middle of an analysis leads all traffic back to the primary, sets weight and counters to 0 and begins anew; nothing half-tested is promoted.',
    source: 'pkg/controller/scheduler.go (hasCanaryRevisionChanged) of 1.44.0',
    threads: ['fluxcd/flagger#30', 'fluxcd/flagger#635'],
  },
  {
    id: 'F23',
    controller: 'flagger',
    promise:
      'skipAnalysis ends a running analysis by promoting the release if its pods are ready, and still rolls back one whose pods miss their deadline.',
    source:
      'Flagger documentation, usage/deployment-strategies.md; pkg/controller/scheduler.go (shouldSkipAnalysis) of 1.44.0',
    threads: ['fluxcd/flagger#1149', 'fluxcd/flagger#379'],
  },
  {
    id: 'F24',
    controller: 'flagger',
    promise:
      "The primary's autoscaler changes only with a promotion, the weight waits while the canary is scaled, and a promotion takes no pod from the primary.",
    source: 'Flagger documentation, usage/how-it-works.md; pkg/canary/hpa_reconciler.go of 1.44.0',
    threads: [
      'fluxcd/flagger#1308',
      'fluxcd/flagger#1674',
      'fluxcd/flagger#1008',
      'fluxcd/flagger#574',
      'fluxcd/flagger#1349',
    ],
  },
  {
    id: 'F25',
    controller: 'flagger',
    promise:
      'The weights are those of the specification: equal steps that go beyond the maximum at most once, or the listed ones; stepWeightPromotion leads the traffic back in steps.',
    source:
      'Flagger documentation, usage/deployment-strategies.md; pkg/controller/scheduler.go (runCanary, runPromotionTrafficShift) of 1.44.0',
    threads: ['fluxcd/flagger#1851'],
  },
  {
    id: 'F26',
    controller: 'flagger',
    promise:
      'In an A/B test only the requests that match reach the release, all of them, and the others never do.',
    source:
      'Flagger documentation, usage/deployment-strategies.md; pkg/controller/scheduler.go (runAB) of 1.44.0',
  },
  {
    id: 'F27',
    controller: 'flagger',
    promise:
      'Blue/green: no user meets the release while it is checked; behind a gateway all traffic then goes to it while the primary is updated, and no request is lost.',
    source:
      'Flagger documentation, usage/deployment-strategies.md; pkg/controller/scheduler.go (runBlueGreen) of 1.44.0',
  },
  {
    id: 'F28',
    controller: 'flagger',
    promise:
      'Mirrored requests reach the release as well, writes included, and users are answered by the primary alone.',
    source:
      'Flagger documentation, usage/deployment-strategies.md; pkg/router/gateway_api.go (SetRoutes) of 1.44.0',
  },
  {
    id: 'F29',
    controller: 'flagger',
    promise:
      'A user who has met the release meets nothing else for as long as it is analysed, and the cookie that says so is taken away at the end, also after a rollback.',
    source:
      'Flagger documentation, usage/deployment-strategies.md; pkg/router/gateway_api.go (getSessionAffinityRouteRules) of 1.44.0',
  },
  {
    id: 'F31',
    controller: 'flagger',
    promise: 'A new version of Flagger starts no rollout of what runs already.',
    source: 'Flagger release notes of 1.38.0; pkg/canary/spec.go (hasSpecChanged) of 1.44.0',
    threads: ['fluxcd/flagger#1201', 'fluxcd/flagger#1673', 'fluxcd/flagger#1799', 'fluxcd/flagger#1942'],
  },
  {
    id: 'F32',
    controller: 'flagger',
    promise: 'The first initialisation takes a serving Deployment over under load without losing a request.',
    source: 'Flagger documentation, faq.md; pkg/controller/scheduler.go (advanceCanary) of 1.44.0',
    threads: ['fluxcd/flagger#374'],
  },
  {
    id: 'F33',
    controller: 'flagger',
    promise:
      'A Canary that is deleted with revertOnDeletion hands the traffic back only once its target is ready; until then the primary serves.',
    source: 'Flagger documentation, usage/how-it-works.md; pkg/controller/finalizer.go of 1.44.0',
    threads: ['fluxcd/flagger#1939'],
  },
  {
    id: 'F35',
    controller: 'flagger',
    promise: 'A primary that is scaled to no pods halts the rollout.',
    source: 'IsPrimaryReady in pkg/canary/deployment_ready.go of 1.44.0',
  },
  {
    id: 'F36',
    controller: 'flagger',
    promise:
      "Flagger's own metrics tell the truth: status 0, 1 or 2, the weights of both workloads, and one count for each success and failure.",
    source: 'Flagger documentation, usage/monitoring.md; pkg/metrics/recorder.go of 1.44.0',
  },
];
