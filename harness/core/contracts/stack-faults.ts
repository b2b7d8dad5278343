import type { Contract } from './contract.ts';

/** What must hold of a rollout while something of its own stack is broken, whichever controller carries it out. */
export const STACK_FAULTS: readonly Contract[] = [
  {
    id: 'S1',
    controller: 'either',
    promise:
      'A controller that is killed goes on where it was: step, weight and failed checks are kept, nothing is analysed anew, and the end is the same.',
    source:
      'pkg/controller/scheduler.go of Flagger 1.44.0 and rollout/controller.go of Argo Rollouts 1.10.0: all state is in the object',
    threads: ['argoproj/argo-rollouts#2522'],
  },
  {
    id: 'S2',
    controller: 'either',
    promise:
      'An API server that ends and comes back rolls no good release back, and no user notices that it was away.',
    source: 'what Mettle demands of a stack',
  },
  {
    id: 'S3',
    controller: 'either',
    promise:
      'A controller whose requests are refused with 429 rolls no good release back, and goes on once it is served again.',
    source: 'what Mettle demands of a stack',
  },
  {
    id: 'S4',
    controller: 'either',
    promise:
      'A Git server that cannot be reached, and controllers of Flux that are killed, leave a rollout that is under way alone.',
    source: 'what Mettle demands of a stack',
    threads: ['fluxcd/flux2#1897'],
  },
  {
    id: 'S5',
    controller: 'either',
    promise: 'A chat that answers late does not keep users on a release that the controller has given up.',
    source:
      'rollback in pkg/controller/scheduler.go of Flagger 1.44.0; rollout/sync.go of Argo Rollouts 1.10.0: both tell before they act',
  },
  {
    id: 'S6',
    controller: 'either',
    promise:
      'Somebody else who sets the number of pods again and again, an autoscaler or a GitOps tool, rolls no good release back.',
    source: 'what Mettle demands of a stack',
    threads: ['fluxcd/flagger#928'],
  },
  {
    id: 'S7',
    controller: 'either',
    promise: 'A GitOps tool that sets the weights back again and again does not keep a release from its end.',
    source:
      'advanceCanary in pkg/controller/scheduler.go of Flagger 1.44.0: the weight is read from the route',
  },
];
