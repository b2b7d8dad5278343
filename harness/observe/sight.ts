import { at, listAt, textAt } from '#harness/core/kubernetes.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Recorder, SightData } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { checkQueries, type NamedQuery } from './series.ts';
import { readJson } from './source.ts';

/** One condition on a label, as Prometheus' own parser gives it. */
interface Matcher {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

/** Pods that are there before the canary is, known by one label: what the canary's label is read as. */
interface StandIn {
  readonly label: string;
  readonly canary: string;
  readonly stable: string;
}

const TIMEOUT_MS = 5_000;
/** How far back a series counts as being there. */
const RECENT_S = 30;
const NAME = '__name__';

async function ask(port: number, path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
  const url = new URL(`http://127.0.0.1:${port}/api/v1/${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return await readJson(url.href, AbortSignal.timeout(TIMEOUT_MS));
}

/** The selectors in a syntax tree of Prometheus' parser, each as its matchers. */
export function selectorsIn(node: unknown): readonly (readonly Matcher[])[] {
  if (Array.isArray(node)) return node.flatMap(selectorsIn);
  if (typeof node !== 'object' || node === null) return [];
  const type = textAt(node, 'type');
  if (type !== 'vectorSelector' && type !== 'matrixSelector') return Object.values(node).flatMap(selectorsIn);
  return [
    listAt(node, 'matchers').map((one) => ({
      name: textAt(one, 'name') ?? '',
      type: textAt(one, 'type') ?? '=',
      value: textAt(one, 'value') ?? '',
    })),
  ];
}

function written(matchers: readonly Matcher[]): string {
  const name = matchers.find((one) => one.name === NAME && one.type === '=');
  const rest = matchers.filter((one) => one !== name);
  const conditions = rest.map((one) => `${one.name}${one.type}${JSON.stringify(one.value)}`).join(', ');
  return `${name?.value ?? ''}{${conditions}}`;
}

/** An absent label matches an empty value: such a condition asks for nothing that must be there. */
function asksForLabel({ type, value }: Matcher): boolean {
  if (type === '=') return value !== '';
  return type === '=~' && !new RegExp(`^(?:${value})$`).test('');
}

/**
 * Asks Prometheus for each selector of a query, narrowed to the labels that say whose series they are: those that every
 * scraped target has. The others say what is counted (a status, a route), and may well have no series of that value yet; but
 * the label itself must be there.
 * @throws Error when Prometheus does not answer or refuses the query
 */
export async function sightOf(port: number, query: string, stand_in: StandIn): Promise<SightData> {
  const tree = at(await ask(port, 'parse_query', { query }), 'data');
  const target_labels = new Set(listAt(await ask(port, 'labels', { 'match[]': 'up' }), 'data').map(String));
  const isWhose = (name: string): boolean => name === NAME || target_labels.has(name);
  const selectors = await Promise.all(
    selectorsIn(tree).map(async (matchers) => {
      const whose = matchers
        .filter(({ name }) => isWhose(name))
        .map((one) =>
          one.name === stand_in.label && one.value === stand_in.canary
            ? { ...one, value: stand_in.stable }
            : one,
        );
      const selector = written(whose);
      const start = String(Date.now() / 1000 - RECENT_S);
      const found = listAt(await ask(port, 'series', { 'match[]': selector, start }), 'data');
      const missing_labels = matchers
        .filter((one) => !isWhose(one.name) && asksForLabel(one))
        .map(({ name }) => name)
        .filter((name) => !found.some((series) => textAt(series, name) !== undefined));
      return { selector, series: found.length, missing_labels: found.length === 0 ? [] : missing_labels };
    }),
  );
  return { query, stands_in: `${stand_in.label}="${stand_in.stable}"`, selectors };
}

/** The queries of a Rollout's analysis templates, as the controller will render them. */
async function templateQueries(
  kube: KubeClient,
  { namespace }: { readonly namespace: string },
): Promise<NamedQuery[]> {
  const selection = { api_version: 'argoproj.io/v1alpha1', kind: 'AnalysisTemplate', namespace };
  const templates = await kube.list(selection);
  return templates.flatMap((template) =>
    listAt(template, 'spec', 'metrics').flatMap((metric): NamedQuery[] => {
      const query = textAt(metric, 'provider', 'prometheus', 'query');
      if (query === undefined) return [];
      const rendered = query.replaceAll(/\{\{\s*args\.namespace\s*\}\}/g, namespace).trim();
      return [{ name: textAt(metric, 'name') ?? '', query: rendered }];
    }),
  );
}

/**
 * Records, before a release is shipped, whether the check that will decide about it can see anything. The canary is not
 * there yet: what serves stands in for it. A check that cannot be asked is noted, and its record is missing then.
 */
export async function recordSight(
  { kube, port, spec }: { readonly kube: KubeClient; readonly port: number; readonly spec: RolloutSpec },
  recorder: Recorder,
): Promise<void> {
  const { app, check, controller } = spec;
  const stand_in: StandIn =
    controller === 'flagger'
      ? { label: 'app', canary: app, stable: `${app}-primary` }
      : { label: 'role', canary: 'canary', stable: 'stable' };
  try {
    const queriesOf = controller === 'flagger' ? checkQueries : templateQueries;
    const queries = await queriesOf(kube, spec);
    for (const { name, query } of queries.filter((one) => one.name === check.name)) {
      const data = await sightOf(port, query, stand_in);
      recorder.record({ source: 'prometheus', kind: 'sight', subject: name, data });
    }
  } catch (error) {
    const text = `it could not be found out what the check ${check.name} sees: ${String(error)}`;
    recorder.record({ source: 'harness', kind: 'note', subject: 'prometheus', data: { text } });
  }
}
