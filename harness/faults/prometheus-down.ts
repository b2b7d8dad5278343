import { refusedFault } from './refused.ts';

/** Prometheus goes on scraping, so that a run can be judged afterwards by what nobody could ask for meanwhile. */
export const prometheusDown = refusedFault({
  name: 'prometheus-down',
  breaks: 'refuses every connection to Prometheus, so that no controller can measure anything',
  harm: 'no release is measured; one that is under way is held, or rolled back when its checks count errors',
  service: { namespace: 'monitoring', name: 'prometheus' },
  needs: 'prometheus',
});
