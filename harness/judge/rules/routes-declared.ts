import type { RouteWriter } from '#harness/core/expectation.ts';
import type { Facts } from '../facts.ts';
import { rule } from '../rule.ts';

interface Written {
  readonly writer: RouteWriter;
  readonly declared: readonly number[];
  readonly missing: readonly string[];
  readonly evidence: readonly number[];
}

function writtenBy(facts: Facts, writer: RouteWriter): Written {
  const weights = facts.timeline
    .of('gateway', 'weight')
    .filter(({ subject, data }) => subject === writer.object && data.read_from !== 'live');
  const seen = new Set(
    facts.timeline
      .of('kubernetes', 'object')
      .filter(({ data }) => data.verb !== 'deleted')
      .map(({ subject }) => subject),
  );
  return {
    writer,
    declared: weights.map(({ data }) => Number(data.canary_pct.toFixed(2))),
    missing: [writer.object, ...writer.also].filter((object) => !seen.has(object)),
    evidence: weights.map(({ seq }) => seq),
  };
}

function asAsked({ writer, declared }: Written): boolean {
  return (
    declared.length === writer.canary_pct.length &&
    declared.every((pct, index) => pct === writer.canary_pct[index])
  );
}

function list(weights: readonly number[]): string {
  return weights.length === 0 ? 'nothing' : `${weights.join(', ')} %`;
}

/**
 * Each controller's objects were taken by the API server, which holds them against the gateway's own definitions, and
 * declare the weights of its steps one after the other; an object that breaks the definitions was refused.
 */
export const routesDeclared = rule(
  'routes-declared',
  'each controller declares the weights of its steps in valid objects of the gateway',
  (facts) => {
    facts.requireObserver('gateway');
    facts.requireObserver('kubernetes');
    const { writers, refused, gateway } = facts.expectation('routes');
    const written = writers.map((writer) => writtenBy(facts, writer));
    const taken = facts.timeline.of('kubernetes', 'object').find(({ subject }) => refused.includes(subject));
    const lacking = written.find(({ missing }) => missing.length > 0);
    const other = written.find((one) => !asAsked(one));
    const problem = taken
      ? `the API server took ${taken.subject}, which breaks the definitions of ${gateway}`
      : lacking
        ? `${lacking.writer.controller} never made ${lacking.missing.join(', ')}`
        : other
          ? `${other.writer.controller} declared ${list(other.declared)} in ${other.writer.object}`
          : undefined;
    return {
      outcome: problem ? 'fail' : 'pass',
      reason:
        problem ??
        written.map(({ writer, declared }) => `${writer.controller} declared ${list(declared)}`).join('; '),
      limit: written.map(({ writer }) => `${writer.controller}: ${list(writer.canary_pct)}`).join('; '),
      measured: written.map(({ writer, declared }) => `${writer.controller}: ${list(declared)}`).join('; '),
      evidence: [...(taken ? [taken.seq] : []), ...written.flatMap((one) => one.evidence)],
    };
  },
);
