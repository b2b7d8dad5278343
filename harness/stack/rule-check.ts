import { UnfitError } from '#harness/core/errors.ts';
import { at, listAt, textAt } from '#harness/core/kubernetes.ts';

const TIMEOUT_MS = 5_000;

/** An alert rule as Prometheus holds it, and what it reads. */
export interface CheckedRule {
  readonly name: string;
  readonly expression: string;
  /** Why it cannot be evaluated; absent when it can. */
  readonly error?: string;
  /** Metrics that its expression names. */
  readonly metrics: readonly string[];
  /** Those of them that Prometheus has never had a sample of. */
  readonly missing: readonly string[];
}

async function ask(
  port: number,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const url = new URL(`http://127.0.0.1:${port}/api/v1/${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: unknown) => {
    throw new UnfitError(`Prometheus at ${url.origin} does not answer`, { cause: error });
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new UnfitError(`${url.pathname}: ${textAt(answer, 'error') ?? response.status}`);
  return at(answer, 'data');
}

/** Names of the metrics in a parsed expression, as `/api/v1/parse_query` gives it. */
export function metricsIn(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  const type = textAt(node, 'type');
  const name = textAt(node, 'name');
  const own = name && (type === 'vectorSelector' || type === 'matrixSelector') ? [name] : [];
  return [...new Set([...own, ...Object.values(node).flatMap(metricsIn)])];
}

/**
 * Every alert rule of a running Prometheus with the metrics that it reads. A rule over a metric that does not exist is
 * silent for ever, so whoever relies on a rule's silence asks this first.
 * @throws UnfitError when Prometheus does not answer, or an expression cannot be parsed
 */
export async function checkRules(port: number): Promise<readonly CheckedRule[]> {
  const known = new Set(listAt(await ask(port, 'label/__name__/values')).map(String));
  const groups = listAt(await ask(port, 'rules', { type: 'alert' }), 'groups');
  const checked = groups
    .flatMap((group) => listAt(group, 'rules'))
    .map(async (rule): Promise<CheckedRule> => {
      const expression = textAt(rule, 'query') ?? '';
      const metrics = metricsIn(await ask(port, 'parse_query', { query: expression }));
      const error = textAt(rule, 'lastError');
      return {
        name: textAt(rule, 'name') ?? '',
        expression,
        ...(error ? { error } : {}),
        metrics,
        missing: metrics.filter((metric) => !known.has(metric)),
      };
    });
  return await Promise.all(checked);
}
