import { healCluster } from '#harness/cluster/remove.ts';
import type { Healers } from '#harness/lease/receipt.ts';
import { healOffsite } from '#harness/offsite/remove.ts';
import { GUARD_SERVER, healGuardServer } from '#harness/stack/guard-server/namespace.ts';
import { FAULTS } from './catalogue.ts';
import { healFault } from './heal.ts';

/** Every kind of receipt and what settles it. */
export const HEALERS: Healers = {
  cluster: healCluster,
  offsite: healOffsite,
  [GUARD_SERVER]: healGuardServer,
  fault: (receipt) => healFault(receipt, FAULTS),
};
