import { component } from './component.ts';

/** The second rollout controller whose decisions are judged. */
export const argoRollouts = component({
  name: 'argo-rollouts',
  namespace: 'argo-rollouts',
  needs: ['prometheus'],
  definitions: ['argo-rollouts'],
});
