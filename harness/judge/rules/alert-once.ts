import { SIGMAS, shareDeviation } from '../budgets.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';
import { secondsText } from '../seconds-text.ts';
import {
  byWay,
  causeOf,
  firingSpan_s,
  messagesOf,
  QUIET_INTERVALS,
  resolvedWithin_s,
  statesOf,
  toldOfEndWithin_s,
  toldWithin_s,
} from './alert-timing.ts';

/** The alert can speak at all: its rule is evaluated and reads metrics that exist. */
export const alertSees = rule('alert-sees', 'the rule of the alert reads metrics that exist', (facts) => {
  const { name } = facts.expectation('alert');
  const first = facts.timeline.of('prometheus', 'rule').find((record) => record.subject === name);
  if (!first) throw new MissingEvidence(`Prometheus holds no rule of alert ${name}`);
  const { error, missing } = first.data;
  const blind = [
    ...(error === undefined ? [] : [error]),
    ...missing.map((one) => `there is no metric ${one}`),
  ];
  return {
    outcome: blind.length === 0 ? 'pass' : 'fail',
    reason: blind.length === 0 ? `it reads ${first.data.expression}` : blind.join('; '),
    limit: '0 metrics missing',
    measured: `${missing.length} missing`,
    evidence: [first.seq],
  };
});

/** The cause was real: what the alert watches did happen, as strongly as the scenario says. */
export const causeTook = rule(
  'cause-took',
  'the cause of the alert is as strong as it was made to be',
  (facts) => {
    const alert = facts.expectation('alert');
    const cause = causeOf(facts, alert);
    const lasted_s = (cause.to - cause.from) / 1000;
    const { to_s } = firingSpan_s(alert);
    const limit = `>= ${alert.for_s} s`;
    if (alert.cause === 'crash-loop') {
      return {
        outcome: lasted_s >= alert.for_s ? 'pass' : 'inconclusive',
        reason: `containers restarted over ${lasted_s.toFixed(1)} s`,
        limit,
        measured: `${lasted_s.toFixed(1)} s`,
        evidence: cause.evidence,
      };
    }
    const { bad_answers_pct = 0, threshold_pct = 0 } = alert;
    // The rollout of the bad release, and of the good one after it, take some seconds each: judged is what lies between.
    const within = facts.seconds.filter(
      ({ data, at }) => data.from >= cause.from + to_s * 250 && at <= cause.to - to_s * 250,
    );
    const answers = within.flatMap(({ data }) => data.series);
    const total = answers.reduce((sum, one) => sum + one.count, 0);
    if (total === 0) throw new MissingEvidence('no answers were measured while the bad release served');
    const bad = answers.reduce((sum, one) => sum + (one.bad ? one.count : 0), 0);
    const bad_pct = (bad / total) * 100;
    const tolerance_pp = (SIGMAS * shareDeviation(bad_answers_pct / 100, total) + 0.01) * 100;
    const took = Math.abs(bad_pct - bad_answers_pct) <= tolerance_pp && bad_pct > threshold_pct;
    return {
      outcome: took ? 'pass' : 'inconclusive',
      reason: took
        ? `${bad} of ${total} answers were bad`
        : `${bad} of ${total} answers were bad: not what was made, so nothing is proven about the alert`,
      limit: `${bad_answers_pct} % +- ${tolerance_pp.toFixed(1)} pp`,
      measured: `${bad_pct.toFixed(1)} %`,
      evidence: cause.evidence,
    };
  },
);

/** The alert fires when its rule says: not before `for` is over, and not later than the pipeline explains. */
export const alertFiredInTime = rule('alert-fired-in-time', 'the alert fires when its rule says', (facts) => {
  const alert = facts.expectation('alert');
  const cause = causeOf(facts, alert);
  const states = statesOf(facts, alert);
  const { from_s, to_s } = firingSpan_s(alert);
  const limit = `${from_s.toFixed(0)} to ${to_s.toFixed(1)} s after ${cause.name}`;
  const derivation = `for ${alert.for_s} s, and at most discovery 5 s + 2 x scrape ${alert.scrape_interval_s} s + window ${alert.window_s} s + 2 x evaluation ${alert.evaluation_interval_s} s + 1.5 s reading`;
  const firing = states.find((record) => record.data.state === 'firing');
  if (!firing) {
    const watched_s = ((facts.timeline.records.at(-1)?.at ?? cause.from) - cause.from) / 1000;
    const lasted_s = (cause.to - cause.from) / 1000;
    const last = states.at(-1);
    const evidence = [...cause.evidence, ...(last ? [last.seq] : [])];
    if (Math.min(watched_s, lasted_s) < to_s) {
      throw new MissingEvidence(
        `the cause lasted and was watched for ${Math.min(watched_s, lasted_s).toFixed(1)} s only`,
      );
    }
    return {
      outcome: 'fail',
      reason: `it never fired: the last state read was ${last?.data.state ?? 'inactive'}`,
      limit,
      measured: 'never',
      derivation,
      evidence,
    };
  }
  const after_s = (firing.at - cause.from) / 1000;
  const holds = after_s >= from_s && after_s <= to_s;
  return {
    outcome: holds ? 'pass' : 'fail',
    reason: `it fired ${after_s.toFixed(1)} s after ${cause.name}${holds ? '' : after_s < from_s ? ', too early' : ', too late'}`,
    limit,
    measured: `${after_s.toFixed(1)} s`,
    derivation,
    evidence: [...cause.evidence, firing.seq],
  };
});

/** While the alert fires the chat is told exactly once on each way, and soon. */
export const chatToldOnce = rule('chat-told-once', 'the chat is told of the alert exactly once', (facts) => {
  const alert = facts.expectation('alert');
  const states = statesOf(facts, alert);
  const { firing: messages } = messagesOf(facts, alert);
  const firing = states.find((record) => record.data.state === 'firing');
  if (!firing) throw new MissingEvidence(`alert ${alert.name} never fired, so there was nothing to tell`);
  const end =
    states.find((record) => record.at > firing.at && record.data.state === 'inactive')?.at ??
    facts.timeline.records.at(-1)?.at ??
    firing.at;
  const within_s = toldWithin_s(alert);
  const quiet_s = QUIET_INTERVALS * alert.group_interval_s;
  const limit = `1 message on each way, <= ${within_s.toFixed(1)} s after firing`;
  const derivation = `group wait ${alert.group_wait_s} s + evaluation ${alert.evaluation_interval_s} s + 2 s; then silence for ${QUIET_INTERVALS} x group interval ${alert.group_interval_s} s`;
  const evidence = [firing.seq, ...messages.map((record) => record.seq)];
  if (messages.length === 0) {
    if (end - firing.at < within_s * 1000) {
      throw new MissingEvidence(`the chat was watched for ${secondsText(end - firing.at)} after firing only`);
    }
    return {
      outcome: 'fail',
      reason: 'no message came',
      limit,
      measured: '0 messages',
      derivation,
      evidence,
    };
  }
  const ways = byWay(messages);
  const repeated = [...ways].filter(([, told]) => told.length > 1);
  const [first] = messages;
  const late = messages.find((record) => record.at - firing.at > within_s * 1000);
  const counts = [...ways].map(([way, told]) => `${told.length} by ${way}`).join(', ');
  if (repeated.length > 0 || late) {
    return {
      outcome: 'fail',
      reason: late
        ? `a message came ${secondsText(late.at - firing.at)} after firing`
        : `told more than once: ${counts}`,
      limit,
      measured: counts,
      derivation,
      evidence,
    };
  }
  const silent_s = (end - (first?.at ?? end)) / 1000;
  if (silent_s < quiet_s) {
    throw new MissingEvidence(
      `told once, but watched for ${silent_s.toFixed(1)} s only, and ${quiet_s} s are needed to know that it stays so`,
    );
  }
  return {
    outcome: 'pass',
    reason: `told ${secondsText((first?.at ?? 0) - firing.at)} after firing, then silent for ${silent_s.toFixed(1)} s: ${counts}`,
    limit,
    measured: counts,
    derivation,
    evidence,
  };
});

/** Once the cause is gone the alert ends, and the chat is told so exactly once on each way. */
export const alertResolved = rule(
  'alert-resolved',
  'the alert ends with its cause, and the chat is told once',
  (facts) => {
    const alert = facts.expectation('alert');
    const cause = causeOf(facts, alert);
    const states = statesOf(facts, alert);
    const { firing: told, resolved } = messagesOf(facts, alert);
    const firing = states.find((record) => record.data.state === 'firing');
    if (!firing) throw new MissingEvidence(`alert ${alert.name} never fired, so it could not end`);
    const ended = states.find((record) => record.at > firing.at && record.data.state === 'inactive');
    const within_s = resolvedWithin_s(alert);
    const told_s = toldOfEndWithin_s(alert);
    const limit = `inactive <= ${within_s.toFixed(1)} s after its cause ended, 1 message on each way <= ${told_s.toFixed(1)} s later`;
    const derivation = `discovery 5 s + 2 x scrape + window ${alert.window_s} s + evaluation; then group interval ${alert.group_interval_s} s + evaluation + 2 s`;
    const watched_until = facts.timeline.records.at(-1)?.at ?? cause.to;
    if (!ended) {
      if (watched_until - cause.to < within_s * 1000) {
        throw new MissingEvidence(
          `the alert was watched for ${secondsText(watched_until - cause.to)} after its cause ended only`,
        );
      }
      return {
        outcome: 'fail',
        reason: `it was still firing ${secondsText(watched_until - cause.to)} after its cause ended`,
        limit,
        measured: 'firing',
        derivation,
        evidence: [...cause.evidence, firing.seq],
      };
    }
    const took_s = (ended.at - cause.to) / 1000;
    const ways = byWay(resolved);
    const counts = [...ways].map(([way, one]) => `${one.length} by ${way}`).join(', ') || '0 messages';
    const once = ways.size === byWay(told).size && [...ways.values()].every((one) => one.length === 1);
    const late = resolved.find((record) => record.at - ended.at > told_s * 1000);
    const evidence = [...cause.evidence, ended.seq, ...resolved.map((record) => record.seq)];
    const measured = `inactive after ${took_s.toFixed(1)} s, ${counts}`;
    if (took_s <= within_s && resolved.length === 0 && watched_until - ended.at < told_s * 1000) {
      throw new MissingEvidence(
        `the chat was watched for ${secondsText(watched_until - ended.at)} after the end only`,
      );
    }
    const holds = took_s <= within_s && resolved.length > 0 && once && !late;
    return {
      outcome: holds ? 'pass' : 'fail',
      reason: holds
        ? `inactive ${took_s.toFixed(1)} s after its cause ended, and told ${secondsText((resolved[0]?.at ?? 0) - ended.at)} later`
        : took_s > within_s
          ? `it was active for ${took_s.toFixed(1)} s after its cause ended`
          : late
            ? `the message of its end came ${secondsText(late.at - ended.at)} after it`
            : `told of its end: ${counts}`,
      limit,
      measured,
      derivation,
      evidence,
    };
  },
);
