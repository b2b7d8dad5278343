import { MissingEvidence } from '../missing-evidence.ts';
import { type Finding, rule } from '../rule.ts';
import type { Facts } from '../facts.ts';

/** What was read of the component on each cluster, in the order of the clusters that were declared. */
function readings(facts: Facts) {
  const { component, locked } = facts.expectation('versions');
  const records = facts.timeline
    .of('harness', 'running_version')
    .filter((record) => record.subject === component);
  return Object.entries(locked).map(([cluster, version]) => {
    const record = records.find((one) => one.data.cluster === cluster);
    if (!record) throw new MissingEvidence(`the version of ${component} on ${cluster} was never read`);
    return { version, record, ...record.data };
  });
}

/** Each cluster runs what it was given: the image that was locked, and a program that says the same of itself. */
export const versionsAsLocked = rule(
  'versions-as-locked',
  'each cluster runs the version that the lock promises it',
  (facts): Finding => {
    const all = readings(facts);
    const wrong = all.filter(
      (one) => one.image_version !== one.version || one.reported_version !== one.version,
    );
    return {
      outcome: wrong.length === 0 ? 'pass' : 'fail',
      reason:
        wrong.length === 0
          ? 'images and programs agree with the lock'
          : wrong
              .map((one) => `${one.cluster}: image ${one.image_version}, program ${one.reported_version}`)
              .join('; '),
      limit: all.map(({ version }) => version).join(', '),
      measured: all.map(({ reported_version }) => reported_version).join(', '),
      evidence: all.map(({ record }) => record.seq),
    };
  },
);

/** The clusters exist at the same time and differ, so that nothing of one was judged as the other. */
export const versionsDiffer = rule(
  'versions-differ',
  'clusters that exist at the same time run different versions',
  (facts): Finding => {
    const all = readings(facts);
    if (all.length < 2) throw new MissingEvidence('only one cluster was declared');
    const distinct = new Set(all.map(({ reported_version }) => reported_version));
    return {
      outcome: distinct.size === all.length ? 'pass' : 'fail',
      reason: all.map((one) => `${one.cluster} runs ${one.reported_version}`).join(', '),
      limit: `${all.length} versions`,
      measured: `${distinct.size} versions`,
      evidence: all.map(({ record }) => record.seq),
    };
  },
);
