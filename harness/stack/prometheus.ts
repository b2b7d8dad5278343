import { ALERT_VALUES } from './alert-rules.ts';
import { component } from './component.ts';

/** How often every pod is scraped, in seconds. */
export const SCRAPE_INTERVAL_S = 2;

/** Where programs on the cluster ask it. */
export const PROMETHEUS_ADDRESS = 'http://prometheus.monitoring:9090';

/** Metrics and alert rules: the eyes of the controller. */
export const prometheus = component({
  name: 'prometheus',
  namespace: 'monitoring',
  values: { scrape_interval_s: SCRAPE_INTERVAL_S, ...ALERT_VALUES },
  access: [{ service: 'prometheus' }],
});
