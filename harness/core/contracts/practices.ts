import type { Contract } from './contract.ts';

/**
 * What teams ask of a rollout beyond what its controller documents: their rules for taking a release back (P), what must
 * not take one back (N), and what is found by comparing answers (C).
 */
export const PRACTICES: readonly Contract[] = [
  {
    id: 'P1',
    controller: 'either',
    promise: 'A release that fails more than a fifth of its requests is rolled back.',
    source: 'rule of practitioners: error rate over 20 %',
  },
  {
    id: 'P2',
    controller: 'either',
    promise: 'A release that panics is rolled back, however rarely it does.',
    source: 'rule of practitioners: any panic',
  },
  {
    id: 'P3',
    controller: 'either',
    promise: 'A release whose program ends by itself is rolled back.',
    source: 'rule of practitioners: any crash',
  },
  {
    id: 'P4',
    controller: 'either',
    promise: 'A release with a spike of database errors is rolled back.',
    source: 'rule of practitioners: database errors',
  },
  {
    id: 'P5',
    controller: 'either',
    promise: 'A release whose pods are not healthy is rolled back, and no user meets it.',
    source: 'rule of practitioners: pod health',
  },
  {
    id: 'P6',
    controller: 'either',
    promise: 'A release that is more than a tenth slower than what serves beside it is rolled back.',
    source: 'rule of practitioners: latency over that of the primary',
  },
  {
    id: 'P7',
    controller: 'either',
    promise:
      'Where both releases serve half of the users for a while, a bad one is taken back within that while, and a good one is kept after it.',
    source: 'rule of practitioners: blue/green at 50/50 with a bake',
  },
  {
    id: 'P8',
    controller: 'either',
    promise: 'A corrupt configuration that came by commit is rolled back before any alert fires.',
    source: 'rule of practitioners: configuration by Git',
  },
  {
    id: 'P9',
    controller: 'either',
    promise: 'Without a rollback the same corrupt configuration makes the alert fire.',
    source: 'positive control of P8',
  },
  {
    id: 'N1',
    controller: 'either',
    promise: 'Pods that are killed within the capacity of what serves do not roll a good release back.',
    source: 'rule of practitioners: no false rollback',
  },
  {
    id: 'N2',
    controller: 'either',
    promise: 'A release that is slow to start, within its deadline, is not rolled back.',
    source: 'rule of practitioners: no false rollback',
  },
  {
    id: 'N3',
    controller: 'either',
    promise: 'An outage of Prometheus that is shorter than the threshold does not roll a good release back.',
    source: 'rule of practitioners: no false rollback',
  },
  {
    id: 'N4',
    controller: 'either',
    promise: 'A dependency that is slow for both releases alike is not blamed on the new one.',
    source: 'the idea of automated chaos experiments: both sides meet the same fault',
  },
  {
    id: 'N5',
    controller: 'either',
    promise: 'A restart of the gateway does not roll a good release back.',
    source: 'rule of practitioners: no false rollback',
  },
  {
    id: 'C1',
    controller: 'either',
    promise:
      'Requests that are put to both releases are answered alike: status, body and, within a factor, duration; what differs is listed with examples.',
    source: 'rule of practitioners: comparison of old and new',
  },
];
