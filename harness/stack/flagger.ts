import { component } from './component.ts';

/** The rollout controller whose decisions are judged. */
export const flagger = component({
  name: 'flagger',
  namespace: 'flagger-system',
  needs: ['prometheus'],
  definitions: ['flagger'],
});
