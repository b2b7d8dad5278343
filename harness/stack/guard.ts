import { component } from './component.ts';

/**
 * The migration guard as images alone: whoever has a migration runs it as a Job of its own, and behind Flagger a gate in the
 * namespace of the release waits for that.
 */
export const guard = component({
  name: 'guard',
  namespace: 'guard',
  images: ['guard', 'migration-gate'],
  workloads: [],
});
