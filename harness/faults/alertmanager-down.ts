import { refusedFault } from './refused.ts';

export const alertmanagerDown = refusedFault({
  name: 'alertmanager-down',
  breaks: 'refuses every connection to Alertmanager, so that alerts reach nobody',
  harm: 'alerts fire and no person is told',
  service: { namespace: 'monitoring', name: 'alertmanager' },
  needs: 'alertmanager',
});
