import {
  type ApiNeed,
  type ApiRelease,
  type DeclaredAsk,
  type DependencyExpectation,
  versionsText,
} from '#harness/core/dependency.ts';
import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { podsOverTime } from '../pods.ts';
import { rule } from '../rule.ts';

type PodRecord = RecordOf<'kubernetes', 'object'>;
type AskRecord = RecordOf<'release', 'asked'>;

/** A pod that is at work beside one that lacks what it needs. */
interface Unmet {
  readonly release: ApiRelease;
  readonly need: ApiNeed;
  readonly pod: string;
  readonly other: ApiRelease;
  readonly other_pod: string;
}

function releaseOf(
  { namespace, releases }: DependencyExpectation,
  { subject, data }: PodRecord,
): ApiRelease | undefined {
  return releases.find(
    ({ app, release }) => data.fields.release === release && subject.startsWith(`Pod/${namespace}/${app}-`),
  );
}

/** The pods at work that are there together with one that lacks what they need. */
function unmetAmong(
  expectation: DependencyExpectation,
  there: ReadonlyMap<string, PodRecord>,
  at_work: ReadonlySet<string>,
): readonly Unmet[] {
  const pods = [...there].flatMap(([pod, record]) => {
    const release = releaseOf(expectation, record);
    return release ? [{ pod, release }] : [];
  });
  return pods.flatMap(({ pod, release }) => {
    const need = release.needs;
    if (!need || !at_work.has(pod)) return [];
    return pods
      .filter(({ release: other }) => other.app === need.service && !other.serves.includes(need.version))
      .map(({ pod: other_pod, release: other }) => ({ release, need, pod, other, other_pod }));
  });
}

/** @throws MissingEvidence where no pod of a release was ever seen that the asks say was shipped */
function requireSeen(expectation: DependencyExpectation, seen: ReadonlySet<string>): void {
  const { asks, releases } = expectation;
  const shipped = new Set(asks.filter((one) => one.expected === 'shipped').map(({ release }) => release));
  for (const { release } of releases) {
    if (shipped.has(release) && !seen.has(release))
      throw new MissingEvidence(`no pod of release ${release} was ever seen`);
  }
  if (!releases.some(({ release, needs }) => needs && seen.has(release)))
    throw new MissingEvidence('no pod that needs another service was ever seen');
}

/**
 * No pod was at work while one was there of the service that it needs that lacks the version, by the watch of the pods,
 * which whoever decides does not ask. A pod is at work from when it is first ready until it is gone; of the service every pod
 * counts, because one that ends is still asked.
 */
export const dependencyOrder = rule(
  'dependency-order',
  'no release is at work beside a pod that lacks what it needs',
  (facts) => {
    const expectation = facts.expectation('dependency');
    facts.requireObserver('kubernetes');
    const at_work = new Set<string>();
    const seen = new Set<string>();
    const found = new Map<string, { unmet: Unmet; from: PodRecord; until: number }>();
    let open = new Set<string>();
    for (const { record, there } of podsOverTime(facts.timeline, expectation.namespace)) {
      const of = releaseOf(expectation, record);
      if (of) seen.add(of.release);
      if (record.data.fields.ready === true) at_work.add(record.subject);
      if (record.data.verb === 'deleted') at_work.delete(record.subject);
      const now = new Map(
        unmetAmong(expectation, there, at_work).map((one) => [`${one.pod} ${one.other_pod}`, one]),
      );
      for (const [key, unmet] of now) {
        if (!found.has(key)) found.set(key, { unmet, from: record, until: facts.load_end });
      }
      for (const key of open) {
        const ended = now.has(key) ? undefined : found.get(key);
        if (ended) ended.until = record.at;
      }
      open = new Set(now.keys());
    }
    const problems = [...found.values()].map(
      ({ unmet: { release, need, pod, other, other_pod }, from, until }) => {
        const failed = facts
          .series((one) => one.bad && one.release === release.release && one.last_at >= from.at)
          .reduce((sum, { series }) => sum + series.count, 0);
        return `${release.app} ${release.release} needs version ${need.version} of ${need.service}: ${pod} was at work for ${((until - from.at) / 1000).toFixed(1)} s beside ${other_pod} of ${other.release}, which serves ${versionsText(other.serves)}; ${failed} requests of ${release.release} failed from then on`;
      },
    );
    // What went wrong is proven, whatever did not come to pass after it.
    if (problems.length === 0) requireSeen(expectation, seen);
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0
          ? `${at_work.size} pods were at work at the end, each beside what it needs`
          : problems.slice(0, 2).join('; '),
      limit: '0 pods beside one that lacks what they need',
      measured: `${problems.length} pairs of pods`,
      evidence: [...found.values()].map(({ from }) => from.seq),
      items: problems,
    };
  },
);

function recordOf(facts: Facts, namespace: string, { name }: DeclaredAsk): AskRecord {
  const found = facts.timeline
    .of('release', 'asked')
    .find(({ subject }) => subject === `Ask/${namespace}/${name}`);
  if (found) return found;
  throw new MissingEvidence(`nobody asked for ${name}`);
}

/** Who needs what, and who does not have it. */
interface Hindrance {
  readonly needing: ApiRelease;
  readonly need: ApiNeed;
  readonly lacking: ApiRelease;
}

/** What stood in the way of a release at a moment, by the watch: whom it needs, and who needs it. */
function hindrances(
  facts: Facts,
  expectation: DependencyExpectation,
  { release: wanted }: DeclaredAsk,
  { seq }: AskRecord,
): readonly Hindrance[] {
  const asked = expectation.releases.find(({ release }) => release === wanted);
  if (!asked) throw new MissingEvidence(`release ${wanted} was never declared`);
  let there: ReadonlyMap<string, PodRecord> = new Map();
  for (const now of podsOverTime(facts.timeline, expectation.namespace)) {
    if (now.record.seq > seq) break;
    there = new Map(now.there);
  }
  const living = new Set([...there.values()].flatMap((record) => releaseOf(expectation, record) ?? []));
  const pairs = [...living].flatMap((other) => [
    { needing: asked, lacking: other },
    { needing: other, lacking: asked },
  ]);
  return pairs.flatMap(({ needing, lacking }) => {
    const need = needing.needs;
    if (need?.service !== lacking.app || lacking.serves.includes(need.version)) return [];
    return [{ needing, need, lacking }];
  });
}

/** What a refusal has to say, so that whoever reads it knows what to do. */
function wordsOf({ needing, need, lacking }: Hindrance): readonly string[] {
  return [
    `${needing.app} ${needing.release}`,
    `version ${need.version} of ${need.service}`,
    lacking.release,
    `serves ${versionsText(lacking.serves)}`,
  ];
}

/**
 * What was asked for was shipped or refused as it was declared; a refusal was right by what the watch of the pods had said by
 * then, and names who needs which version of what.
 */
export const dependencyAsked = rule(
  'dependency-asked',
  'a release is refused while what it needs, or what needs it, does not fit, and only then',
  (facts) => {
    const expectation = facts.expectation('dependency');
    facts.requireObserver('kubernetes');
    const found = expectation.asks.map((ask) => {
      const record = recordOf(facts, expectation.namespace, ask);
      const { state, note } = record.data;
      const before = hindrances(facts, expectation, ask, record);
      const problems = [
        ...(state === ask.expected
          ? []
          : [`${ask.name} (${ask.release}) was ${state}, and had to be ${ask.expected}`]),
        ...(state === 'refused' && before.length === 0
          ? [`${ask.name} was refused although nothing stood in the way: ${note}`]
          : []),
        ...(state === 'shipped' && before.length > 0
          ? before.map((one) => `${ask.release} was shipped although ${wordsOf(one).join(' ')}`)
          : []),
        ...(state === 'refused'
          ? before
              .slice(0, 1)
              .flatMap(wordsOf)
              .filter((word) => !note.includes(word))
              .map((word) => `the refusal of ${ask.name} does not say ${word}: ${note}`)
          : []),
      ];
      return { record, problems, text: `${ask.release} ${state}${state === 'refused' ? ` (${note})` : ''}` };
    });
    const problems = found.flatMap((one) => one.problems);
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason: problems.length === 0 ? found.map(({ text }) => text).join('; ') : problems.join('; '),
      limit: 'each as declared, each refusal with its reason',
      measured: `${found.filter((one) => one.problems.length === 0).length} of ${found.length}`,
      evidence: found.map(({ record }) => record.seq),
    };
  },
);

/**
 * Nobody asked before: the release came to users without what it needs, and was withdrawn. What that cost is counted, and
 * nobody else paid: the release that serves what it needs stayed as it was.
 */
export const dependencyContained = rule(
  'dependency-contained',
  'a release whose need is not met is withdrawn, and what it cost is known',
  (facts) => {
    const { namespace, releases } = facts.expectation('dependency');
    facts.requireObserver('kubernetes');
    const { next_release, stable_release } = facts.spec;
    const next = releases.find(({ release }) => release === next_release);
    const need = next?.needs;
    if (!next || !need) throw new MissingEvidence(`nobody declared what ${next_release} needs`);
    const providers = new Set<string>();
    let last: ReadonlyMap<string, PodRecord> = new Map();
    for (const { record, there } of podsOverTime(facts.timeline, namespace)) {
      if (record.subject.startsWith(`Pod/${namespace}/${need.service}-`))
        providers.add(String(record.data.fields.release));
      last = new Map(there);
    }
    if (providers.size === 0) throw new MissingEvidence(`no pod of ${need.service} was ever seen`);
    const served = releases.filter(({ release }) => providers.has(release)).flatMap(({ serves }) => serves);
    if (served.includes(need.version))
      throw new MissingEvidence(`${need.service} served version ${need.version}: nothing was missing`);
    const all = facts.series(({ release }) => release === next_release);
    const bad = all.filter(({ series }) => series.bad);
    const count = bad.reduce((sum, { series }) => sum + series.count, 0);
    const total = facts.series(() => true).reduce((sum, { series }) => sum + series.count, 0);
    const left = [...last.values()].filter(({ data }) => data.fields.release === next_release);
    const others = facts
      .series(({ bad: is_bad, release }) => is_bad && release !== next_release)
      .reduce((sum, { series }) => sum + series.count, 0);
    const problems = [
      ...(left.length > 0 ? [`${left.length} pods of ${next_release} are there at the end`] : []),
      ...(others > 0 ? [`${others} requests failed that ${next_release} did not answer`] : []),
    ];
    const missing = `${next.app} ${next_release} needs version ${need.version} of ${need.service}, which served ${versionsText(served)}`;
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0
          ? `${missing}: ${count} of ${total} requests failed until ${stable_release} served all again`
          : [missing, ...problems].join('; '),
      limit: 'withdrawn, 0 failed requests of others',
      measured: `${count} requests (${((count / Math.max(total, 1)) * 100).toFixed(2)} %)`,
      evidence: bad.map(({ seq }) => seq),
    };
  },
);
