import { at, listAt, textAt } from '#harness/core/kubernetes.ts';
import type { NamedQuery } from './series.ts';

/** What the variables of a dashboard stand for. */
export interface DashboardValues {
  readonly namespace: string;
  readonly app: string;
  /** The window that Grafana would choose; 10 s when absent. */
  readonly window_s?: number;
}

function filled(expr: string, { namespace, app, window_s = 10 }: DashboardValues): string {
  const values: Readonly<Record<string, string>> = { namespace, app, __rate_interval: `${window_s}s` };
  return expr.replaceAll(
    /\$(?:\{(?<braced>\w+)\}|(?<plain>\w+))/g,
    (whole, braced: string | undefined, plain: string | undefined) => values[braced ?? plain ?? ''] ?? whole,
  );
}

/** Every expression of a Grafana dashboard, panels and annotations alike, as Grafana would send it. */
export function dashboardQueries(dashboard: unknown, values: DashboardValues): readonly NamedQuery[] {
  const panels = listAt(dashboard, 'panels').flatMap((panel) =>
    listAt(panel, 'targets').map((target) => ({
      name: `${textAt(panel, 'title') ?? ''}: ${textAt(target, 'legendFormat') ?? ''}`,
      expr: textAt(target, 'expr') ?? '',
    })),
  );
  const annotations = listAt(dashboard, 'annotations', 'list').map((one) => ({
    name: textAt(one, 'name') ?? '',
    expr: textAt(one, 'expr') ?? textAt(at(one, 'target'), 'expr') ?? '',
  }));
  return [...panels, ...annotations]
    .filter(({ expr }) => expr !== '')
    .map(({ name, expr }) => ({ name, query: filled(expr, values) }));
}
