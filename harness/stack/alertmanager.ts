import { component } from './component.ts';

/** Groups alerts of Prometheus and tells the chat. */
export const alertmanager = component({ name: 'alertmanager', namespace: 'monitoring' });
