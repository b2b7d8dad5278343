import { component } from './component.ts';

/**
 * The label of an alert that chooses its receiver, and its values. A pod's label `mettle.dev/receiver` becomes this label of
 * the shop's alerts. Without it the receiver is `chat`.
 */
export const RECEIVER_LABEL = 'mettle_receiver';
export const RECEIVER_POD_LABEL = 'mettle.dev/receiver';

/** `chat`: Alertmanager's own notification; `slack`: its Slack message; `generic`: its notification, sent to another path. */
export type AlertReceiver = 'chat' | 'slack' | 'generic';

/** How Alertmanager collects alerts: before the first message of a group, and between two messages about one. */
export const ALERT_GROUPING = { group_wait_s: 1, group_interval_s: 5 } as const;

/** Groups alerts of Prometheus and tells the chat; each alert goes to one receiver. */
export const alertmanager = component({
  name: 'alertmanager',
  namespace: 'monitoring',
  needs: ['chat'],
  values: { ...ALERT_GROUPING },
  access: [{ service: 'alertmanager' }],
});
