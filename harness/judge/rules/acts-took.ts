import { rule } from '../rule.ts';

/**
 * Every declared act really changed the service: its phase ended, and pods came or went in it. An act that changed
 * nothing proves nothing about what users notice.
 */
export const actsTook = rule('acts-took', 'every act really changed the service', (facts) => {
  const { acts, namespace } = facts.expectation('service');
  facts.requireObserver('kubernetes');
  const phases = facts.timeline.of('harness', 'phase');
  const pods = facts.timeline
    .of('kubernetes', 'object')
    .filter((record) => record.subject.startsWith(`Pod/${namespace}/`));
  const found = acts.map((name) => {
    const states = phases.filter((record) => record.subject === name);
    const started = states.find((record) => record.data.state === 'started');
    const done = states.find((record) => record.data.state === 'done');
    const moved = pods.filter(
      (record) =>
        started !== undefined &&
        done !== undefined &&
        record.seq > started.seq &&
        record.seq < done.seq &&
        (record.data.verb === 'added' || record.data.verb === 'deleted'),
    );
    return { name, done, moved };
  });
  const idle = found.filter(({ done, moved }) => !done || moved.length === 0).map(({ name }) => name);
  const measured = found.map(({ name, moved }) => `${name} ${moved.length}`).join(', ');
  return {
    outcome: idle.length === 0 ? 'pass' : 'inconclusive',
    reason:
      idle.length === 0
        ? `pods that came or went: ${measured}`
        : `${idle.join(', ')} did not come to its end or moved no pod, so nothing is proven about it`,
    limit: '>= 1 pod came or went in each act',
    measured: `${measured} pods`,
    evidence: found.flatMap(({ done, moved }) => [
      ...(done ? [done.seq] : []),
      ...moved.slice(0, 2).map(({ seq }) => seq),
    ]),
  };
});
