import { refusedFault } from './refused.ts';

export const fluxSourceUnavailable = refusedFault({
  name: 'flux-source-unavailable',
  breaks:
    'refuses every connection of the cluster to the Git server, so that Flux sees no commit; pushes go on',
  harm: 'commits are applied late; what was applied last stays',
  service: { namespace: 'git', name: 'git' },
  needs: 'git',
});
