import { component } from './component.ts';

/** How Alertmanager collects alerts: before the first message of a group, and between two messages about one. */
export const ALERT_GROUPING = { group_wait_s: 1, group_interval_s: 5 } as const;

/**
 * Groups alerts of Prometheus and tells the chat. An alert goes to one receiver, chosen by its label `mettle_receiver`, which the
 * shop's alerts have from their pods' label `mettle.dev/receiver`: `chat` (Alertmanager's own notification, and what goes where
 * there is no label), `slack` (its Slack message) or `generic` (its notification, sent to another path).
 */
export const alertmanager = component({
  name: 'alertmanager',
  namespace: 'monitoring',
  needs: ['chat'],
  values: { ...ALERT_GROUPING },
  access: [{ service: 'alertmanager' }],
});
