import { component } from './component.ts';

/** How often every pod is scraped, in seconds. */
export const SCRAPE_INTERVAL_S = 2;

/**
 * The alert rule on the shop's error ratio; the manifest is filled from it, and rules compute their budgets from it.
 * The window is short enough for a rollback within 32 s to end before `for_s` is over: 32 + 10 + 2 < 60.
 */
export const SHOP_ALERT = {
  name: 'ShopErrorRatio',
  threshold_pct: 2,
  window_s: 10,
  for_s: 60,
  evaluation_interval_s: 2,
} as const;

/** Metrics and alert rules: the eyes of the controller. */
export const prometheus = component({
  name: 'prometheus',
  namespace: 'monitoring',
  values: {
    scrape_interval_s: SCRAPE_INTERVAL_S,
    evaluation_interval_s: SHOP_ALERT.evaluation_interval_s,
    alert_name: SHOP_ALERT.name,
    alert_window_s: SHOP_ALERT.window_s,
    alert_threshold_ratio: SHOP_ALERT.threshold_pct / 100,
    alert_for_s: SHOP_ALERT.for_s,
  },
});
