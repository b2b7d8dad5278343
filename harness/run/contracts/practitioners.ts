import type { GitopsRollout } from '../gitops-rollout.ts';
import type { When } from '../rollout-extras.ts';
import { BAD_RELEASE, GOOD_RELEASE, type ArgoCase, type FlaggerCase } from './case.ts';
import { comparingFlagger } from './accuracy.ts';
import { NEVER_READY } from './left-out.ts';
import { eachOf, setting } from './reshape.ts';
import { NEVER_SERVES } from '../rollout-run.ts';
import type { Reshape } from '#harness/stack/shop.ts';

const quick = { interval_s: 10, threshold: 2, step_weight_pct: 25, max_weight_pct: 50 } as const;

/** The one check of the Canary asks this. */
function asking(query: string): Reshape {
  return eachOf('MetricTemplate', (object) => setting(object, ['spec', 'query'], () => query));
}

const SELECTOR = 'namespace="{{ namespace }}", app="{{ target }}"';

/** Panics since the pods of the release began: one is one too many, however long ago. */
const PANICS = `sum(panics_total{${SELECTOR}})`;

/** Ends of programs in the release's pods, whose names have a hash right after that of the workload. */
const CRASHES =
  'sum(kube_pod_container_status_restarts_total{namespace="{{ namespace }}", pod=~"{{ target }}-[0-9a-f]+-[a-z0-9]+"})';

/** Failed queries for each hundred answers. */
const DATABASE_ERRORS = `100 * sum(rate(database_errors_total{${SELECTOR}}[{{ interval }}]))
  / sum(rate(http_requests_total{${SELECTOR}}[{{ interval }}]))`;

const COUNTS_OTHERS = 'it compares shares of bad answers, and this check counts something else';

/** Rules for taking a release back, each as the one check of a Canary. */
export const PRACTITIONERS: readonly FlaggerCase[] = [
  {
    name: 'error-rate',
    title: 'P1: a release that fails more than a fifth of its requests is rolled back',
    rollout: {
      ...BAD_RELEASE,
      canary: { ...quick, check_max_pct: 20 },
      settles: { contracts: ['P1'] },
    },
  },
  {
    name: 'panic',
    title: 'P2: a release that panics in one request of a hundred is rolled back',
    rollout: {
      release: 'panic',
      expected: 'rollback',
      bad_answers_pct: 1,
      canary: { ...quick, check_name: 'panics', check_max_pct: 0 },
      load: 'steady-300',
      reshape: asking(PANICS),
      settles: {
        contracts: ['P2'],
        rules_left_out: {
          'judge-saw': COUNTS_OTHERS,
          alert: 'so few bad answers do not reach the threshold of the alert',
        },
      },
    },
  },
  {
    name: 'database-errors',
    title: 'P4: a release with a spike of database errors is rolled back',
    rollout: {
      release: 'database-errors',
      expected: 'rollback',
      bad_answers_pct: 30,
      canary: { ...quick, check_name: 'database-errors', check_max_pct: 5 },
      load: 'steady-300',
      reshape: asking(DATABASE_ERRORS),
      settles: { contracts: ['P4'] },
    },
  },
  {
    name: 'pod-health',
    title: 'P5: a release whose pods never become healthy is rolled back, and no user meets it',
    rollout: {
      release: 'never-ready',
      expected: 'rollback',
      bad_answers_pct: 0,
      canary: { ...quick, progress_deadline_s: 20 },
      load: 'steady-300',
      settles: { contracts: ['P5'], rules_left_out: { ...NEVER_SERVES, ...NEVER_READY } },
    },
  },
  {
    name: 'slower',
    title: 'P6: a release that is a quarter slower than what serves beside it is rolled back',
    rollout: {
      release: 'accuracy-slower-25',
      stable: 'accuracy-base',
      expected: 'rollback',
      bad_answers_pct: 0,
      canary: { ...quick, check_name: 'slower', check_max_pct: 10 },
      load: 'steady-300',
      reshape: comparingFlagger,
      settles: {
        contracts: ['P6'],
        rules_left_out: {
          'judge-saw': COUNTS_OTHERS,
          exposure: 'no answer is bad: users wait longer, which the rollback itself bounds',
          harm: 'no answer is bad: users wait longer, which the rollback itself bounds',
          alert: 'the alert watches bad answers, and there are none',
        },
      },
    },
  },
  {
    name: 'crash',
    title: 'P3: a release whose program ends after a while is rolled back',
    rollout: {
      release: 'crash-after-20s',
      expected: 'rollback',
      bad_answers_pct: 0,
      // Behind Traefik a canary without any pod takes the primary down with it.
      gateway: 'contour',
      canary: { ...quick, threshold: 1, check_name: 'crashes', check_max_pct: 0 },
      load: 'steady-300',
      reshape: asking(CRASHES),
      settles: {
        contracts: ['P3'],
        rules_left_out: {
          'judge-saw': COUNTS_OTHERS,
          'rolled-back':
            'a check is put off while pods are unready, so its budget does not hold; P3 has the end',
          exposure: 'a program that has ended answers nothing: what is lost is no answer of the release',
          harm: 'a program that has ended answers nothing: what is lost is no answer of the release',
          'no-other-loss': 'whoever the program was answering when it ended has no answer',
          'traffic-share': 'while its pods are gone the release cannot give its share of the answers',
          'routes-agree': 'a gateway leads nobody to pods that are gone, whatever weight is declared',
          alert: 'the shop counts what it answers, and what is lost is not answered',
        },
      },
    },
  },
];

/** Half of the users on each side for a while; the analysis goes on all the time. */
const BAKE = {
  steps: [{ weight_pct: 50, pause_s: 30 }],
  interval_s: 5,
  initial_delay_s: 10,
  failure_limit: 1,
  scale_down_delay_s: 5,
} as const;

/** Blue/green at half and half with a bake. */
export const BAKED: readonly ArgoCase[] = [
  {
    name: 'bake-bad',
    title: 'P7: a bad release that serves half of the users is taken back within the bake',
    rollout: {
      ...BAD_RELEASE,
      rollout: BAKE,
      settles: { contracts: ['P7'] },
    },
  },
  {
    name: 'bake-good',
    title: 'P7: a good release that served half of the users through the bake is given all of them',
    rollout: {
      ...GOOD_RELEASE,
      rollout: BAKE,
      settles: { contracts: ['P7'] },
    },
  },
];

/** A corrupt configuration by commit: as Flagger takes it back, and as it goes on where nothing does. */
interface CommitCase {
  readonly name: string;
  readonly title: string;
  readonly rollout: GitopsRollout;
}

/** A value in the configuration that makes half of the requests fail; nothing else is committed. */
const CORRUPT = {
  controller: 'flagger',
  applier: 'kustomization',
  changes: 'configuration',
  release: 'errors-50',
  bad_answers_pct: 50,
  load: 'steady-300',
} as const;

/** More failed checks than there can be while it is watched. */
const NEVER = 1000;

/** Seconds of load after the alert has fired. */
const AFTER_ALERT_S = 5;

/** The alert has fired; it is waited for half as long again as it may take, so that a late one is seen. */
const alertFired: When = ({ alert, interval_s, namespace }) => ({
  awaited: `alert ${alert.name} to fire for ${namespace}`,
  deadline_s: 1.5 * (4 * interval_s + alert.window_s + alert.for_s),
  holds: (timeline) => {
    const fired = timeline
      .of('prometheus', 'alert')
      .find(({ subject, data }) => subject === alert.name && data.state === 'firing');
    return (
      fired !== undefined &&
      timeline.of('load', 'second').some(({ data }) => data.from >= fired.at + AFTER_ALERT_S * 1000)
    );
  },
});

/** A corrupt configuration by commit, and the positive control that shows what it would have come to. */
export const CORRUPT_CONFIGURATION: readonly CommitCase[] = [
  {
    name: 'commit',
    title: 'P8: a corrupt configuration that came by commit is rolled back before any alert fires',
    rollout: {
      ...CORRUPT,
      expected: 'rollback',
      settles: {
        contracts: ['P8'],
        rules_left_out: { 'canary-gone': 'pods do not say which configuration they read' },
      },
    },
  },
  {
    name: 'commit-control',
    title: 'P9: without a rollback the same configuration makes the alert fire',
    rollout: {
      ...CORRUPT,
      expected: 'hold',
      threshold: NEVER,
      until: alertFired,
      settles: { contracts: ['P9'] },
    },
  },
];
