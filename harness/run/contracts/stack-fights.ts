import { weightReached } from '../moments.ts';
import type { LoadedAct } from '../rollout-extras.ts';
import { withFault } from '../with-fault.ts';
import { BAD_RELEASE, GOOD_RELEASE, type ArgoCase, type FlaggerCase } from './case.ts';
import { broken, ended, PACE, QUICK } from './stack-faults.ts';

/** Less than Flagger's patience with a chat, 5 s: the message is taken, late. */
const CHAT_DELAY_MS = 4_500;

const SLOW_CHAT = {
  steady: (act: LoadedAct) =>
    withFault(act, { fault: 'chat-slow', options: { delay_ms: CHAT_DELAY_MS }, lease_s: 300 }),
};

/** Both controllers tell before they act: seen in their source, and measured here. */
const TOLD_FIRST = {
  contracts: ['S5'],
  rules_left_out: {
    exposure: 'the contract judges by how much it is prolonged',
    harm: 'the contract judges by how much it is prolonged',
    'rolled-back': 'each message holds the controller up',
  },
  known_break: { contract: 'S5', thread: 'harness/DESIGN.md' },
};

export const SLOW_CHAT_FLAGGER: readonly FlaggerCase[] = [
  {
    name: 'slow-chat',
    title: 'S5: Flagger keeps users on a release that it has given up until the chat has answered',
    rollout: {
      ...BAD_RELEASE,
      canary: { ...QUICK, step_weight_pct: 10 },
      extras: SLOW_CHAT,
      settles: TOLD_FIRST,
    },
  },
];

export const SLOW_CHAT_ARGO: readonly ArgoCase[] = [
  {
    name: 'slow-chat',
    title: 'S5: Argo Rollouts keeps users on a release that it has given up until the chat has answered',
    rollout: {
      ...BAD_RELEASE,
      extras: SLOW_CHAT,
      settles: TOLD_FIRST,
    },
  },
];

/** Who else sets numbers and routes while a release is on its way. */
export const FOUGHT_FLAGGER: readonly FlaggerCase[] = [
  {
    name: 'autoscaler',
    title:
      'S6: a good release is promoted although an autoscaler sets the number of pods of the primary to and fro',
    rollout: {
      ...GOOD_RELEASE,
      canary: QUICK,
      extras: {
        during: [
          broken({
            name: 'fight over pods',
            when: weightReached(25),
            use: {
              fault: 'hpa-fights',
              options: { name: 'shop-primary', low: 2, high: 3, every_s: 4 },
              alone: false,
            },
          }),
        ],
        until: ended,
      },
      settles: { contracts: ['S6'], rules_left_out: PACE },
    },
  },
  {
    name: 'replicas-in-git',
    title:
      'S6: a good release is promoted although a GitOps tool sets the number of its pods again and again',
    rollout: {
      ...GOOD_RELEASE,
      canary: QUICK,
      extras: {
        during: [
          broken({
            name: 'apply replicas',
            when: weightReached(25),
            use: {
              fault: 'gitops-reapplies',
              options: { kind: 'Deployment', name: 'shop', every_s: 3 },
              alone: false,
            },
          }),
        ],
        until: ended,
      },
      settles: { contracts: ['S6'], rules_left_out: PACE },
    },
  },
];

/** Flagger reads the weight that it goes on from in the route: seen in its source, and measured here. */
export const WEIGHTS_FOUGHT: readonly FlaggerCase[] = [
  {
    name: 'weights-in-git',
    title: 'S7: Flagger neither measures nor ends a rollout whose weights a GitOps tool sets back',
    rollout: {
      ...BAD_RELEASE,
      canary: { ...QUICK, step_weight_pct: 10 },
      extras: {
        steady: (act: LoadedAct) =>
          withFault(act, {
            fault: 'gitops-reapplies',
            options: { kind: 'TraefikService', name: 'shop', every_s: 3 },
            lease_s: 300,
          }),
      },
      settles: {
        contracts: ['S7'],
        rules_left_out: {
          'rolled-back': 'the contract asks for it',
          exposure: 'the contract says how many bad answers were met',
          harm: 'the contract says how many bad answers were met',
          'traffic-share': 'who declares weights changes every few seconds',
          'judge-saw': 'the contract says that nothing is measured',
          'canary-gone': 'nothing is rolled back',
          'healthy-after': 'nothing is rolled back',
          'chat-told': 'nothing is rolled back',
          alert: 'users meet the release for as long as it is watched',
        },
        known_break: { contract: 'S7', thread: 'harness/DESIGN.md' },
      },
    },
  },
];
