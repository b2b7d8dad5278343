import {
  array,
  boolean,
  type GenericSchema,
  integer,
  literal,
  looseObject,
  minValue,
  nullable,
  number,
  optional,
  picklist,
  pipe,
  record,
  string,
  tuple,
  union,
  unknown,
} from 'valibot';

/** Shapes of the files of a run folder: what comes from a disk may be cut off, edited or of another version. */

const text = string();
const count = pipe(number(), integer(), minValue(0));
const texts = record(string(), text);

const series = looseObject({
  release: text,
  status: count,
  route: text,
  bad: boolean(),
  count,
  sum_ms: number(),
  max_ms: number(),
  buckets: array(count),
  first_at: number(),
  last_at: number(),
});

const spec = looseObject({
  controller: literal('flagger'),
  namespace: text,
  app: text,
  stable_release: text,
  next_release: text,
  expected: picklist(['rollback', 'promotion']),
  interval_s: number(),
  threshold: number(),
  step_weight_pct: number(),
  max_weight_pct: number(),
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
});

const fault = looseObject({ fault: text, detail: text });

/** Shape of `data` by `source/kind`. */
export const DATA_SCHEMAS: Readonly<Record<string, GenericSchema>> = {
  'harness/scenario': looseObject({ title: text, file: text, seed: number(), versions: texts }),
  'harness/spec': spec,
  'harness/phase': looseObject({ state: picklist(['started', 'done', 'failed']), note: optional(text) }),
  'harness/steady_state': looseObject({
    held: boolean(),
    reason: text,
    moment: picklist(['before', 'after']),
  }),
  'harness/observer': looseObject({ state: picklist(['started', 'ended', 'lost']), note: optional(text) }),
  'harness/note': looseObject({ text }),
  'release/shipped': looseObject({ release: text, document: unknown() }),
  'kubernetes/object': looseObject({
    verb: picklist(['listed', 'added', 'modified', 'deleted']),
    resource_version: text,
    generation: optional(number()),
    fields: record(string(), union([text, number(), boolean()])),
  }),
  'kubernetes/event': looseObject({
    type: text,
    reason: text,
    message: text,
    count: number(),
    reporter: text,
  }),
  'gateway/weight': looseObject({ primary_pct: number(), canary_pct: number() }),
  'load/started': looseObject({ profile: text, rate_per_s: number(), duration_s: number(), url: text }),
  'load/second': looseObject({
    from: number(),
    series: array(series),
    iterations: number(),
    dropped_iterations: number(),
    vus: number(),
    lag_max_ms: number(),
    cpu_s: number(),
  }),
  'load/ended': looseObject({ exit_code: nullable(number()), signal: nullable(text), asked: boolean() }),
  'prometheus/series': looseObject({
    query: text,
    labels: texts,
    // JSON has no NaN: a sample that Prometheus gave as NaN is null in the file.
    samples: array(tuple([number(), nullable(number())])),
  }),
  'prometheus/alert': looseObject({
    state: picklist(['inactive', 'pending', 'firing']),
    value: optional(number()),
  }),
  'alertmanager/alert': looseObject({
    state: picklist(['active', 'resolved']),
    starts_at: number(),
    labels: texts,
  }),
  'chat/message': looseObject({
    sender: text,
    channel: text,
    text,
    severity: picklist(['good', 'warning', 'danger', 'unknown']),
    fields: texts,
  }),
  'fault/injected': fault,
  'fault/proven_on': fault,
  'fault/healed': fault,
  'fault/proven_off': fault,
};

/** What every record carries. */
export const RECORD_SCHEMA = looseObject({
  seq: count,
  at: number(),
  source: text,
  kind: text,
  subject: text,
  data: unknown(),
  clock_error_ms: optional(number()),
});

const outcome = picklist(['pass', 'fail', 'inconclusive']);

/** Content of `verdict.json`. */
export const VERDICT_SCHEMA = looseObject({
  outcome,
  rules: array(
    looseObject({
      rule: text,
      promise: text,
      outcome,
      reason: text,
      limit: text,
      measured: optional(text),
      derivation: optional(text),
      evidence: array(count),
    }),
  ),
  scenario: text,
  title: text,
  started_at: number(),
  ended_at: number(),
  run_id: text,
});
