import { array, boolean, literal, looseObject, number, optional, picklist, variant } from 'valibot';
import { dependencyExpectation, migrationExpectation } from './schema-migration.ts';
import { recoveryExpectation } from './schema-recovery.ts';
import { count, text, texts } from './schema-parts.ts';

/** Shapes of what a scenario declared before it acted. */

const rollout = {
  namespace: text,
  app: text,
  stable_release: text,
  next_release: text,
  expected: picklist(['rollback', 'promotion', 'hold']),
  contracts: optional(array(text)),
  rules_left_out: optional(texts),
  known_break: optional(looseObject({ contract: text, thread: text })),
  moments: optional(array(text)),
  accuracy: optional(looseObject({ case: text, metric: picklist(['latency', 'errors']), seed: number() })),
  interval_s: number(),
  scrape_interval_s: number(),
  check: looseObject({ name: text, max_pct: number() }),
  load: looseObject({ profile: text, rate_per_s: number() }),
  bad_answers_pct: number(),
  alert: looseObject({
    name: text,
    threshold_pct: number(),
    window_s: number(),
    for_s: number(),
    evaluation_interval_s: number(),
  }),
};

/** What a rollout declared. */
export const spec = variant('controller', [
  looseObject({
    ...rollout,
    controller: literal('flagger'),
    threshold: number(),
    step_weight_pct: number(),
    max_weight_pct: number(),
  }),
  looseObject({
    ...rollout,
    controller: literal('argo-rollouts'),
    strategy: picklist(['canary', 'blue-green']),
    from_deployment: optional(boolean()),
    steps: array(looseObject({ weight_pct: number(), pause_s: number() })),
    initial_delay_s: number(),
    window_s: number(),
    failure_limit: number(),
    measurements: optional(number()),
    auto_promotion_s: optional(number()),
    scale_down_delay_s: number(),
    abort_scale_down_delay_s: number(),
  }),
]);

/** What a scenario that rolls nothing out declared. */
export const expectation = variant('of', [
  looseObject({
    of: literal('service'),
    namespace: text,
    app: text,
    acts: array(text),
    keeps_orders: boolean(),
  }),
  looseObject({
    of: literal('alert'),
    name: text,
    namespace: text,
    cause: picklist(['bad-answers', 'crash-loop']),
    threshold_pct: optional(number()),
    bad_answers_pct: optional(number()),
    window_s: number(),
    for_s: number(),
    scrape_interval_s: number(),
    evaluation_interval_s: number(),
    group_wait_s: number(),
    group_interval_s: number(),
  }),
  looseObject({
    of: literal('split'),
    namespace: text,
    gateway: text,
    primary_release: text,
    canary_release: text,
    canary_pct: array(number()),
    detect_pp: number(),
    power: number(),
    false_alarm: number(),
  }),
  looseObject({
    of: literal('routes'),
    namespace: text,
    gateway: text,
    writers: array(
      looseObject({ controller: text, object: text, canary_pct: array(number()), also: array(text) }),
    ),
    refused: array(text),
  }),
  looseObject({
    of: literal('delivery'),
    namespace: text,
    source: text,
    applier: text,
    workload: text,
    manager: text,
    release: text,
    serving: text,
    outcome: picklist(['applied', 'refused']),
    source_interval_s: number(),
    apply_s: number(),
    start_s: number(),
  }),
  looseObject({
    of: literal('database-loss'),
    namespace: text,
    app: text,
    database: text,
    back_within_s: number(),
  }),
  recoveryExpectation,
  migrationExpectation,
  dependencyExpectation,
  looseObject({ of: literal('versions'), component: text, locked: texts }),
  looseObject({ of: literal('sight'), namespace: text, check: text }),
  looseObject({ of: literal('dashboard'), namespace: text, dashboard: text, expressions: count }),
  looseObject({
    of: literal('messages'),
    namespace: text,
    messages: array(
      looseObject({
        event: text,
        sender: text,
        dialect: text,
        subject: text,
        says: text,
        refused: optional(looseObject({ status: number(), path: text, outcome: picklist(['told', 'lost']) })),
      }),
    ),
  }),
]);
