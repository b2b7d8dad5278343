/** Every check of the guard: what it measures, why, how it is judged, what is safer, and where that is from. */
import { DATA_CHECKS, GROUNDS } from './data-checks.ts';
import type { CatalogueEntry } from './entry.ts';
import { CHECK_IDS, type CheckId, GROUND_IDS, type GroundId } from './ids.ts';
import { RETURN_CHECKS } from './return-checks.ts';
import { WAITING_CHECKS } from './waiting-checks.ts';

export const CATALOGUE: Readonly<Record<CheckId | GroundId, CatalogueEntry>> = {
  ...DATA_CHECKS,
  ...WAITING_CHECKS,
  ...RETURN_CHECKS,
  ...GROUNDS,
};

/** The entry of a check or of a ground, or undefined where there is none of that name. */
export function catalogueEntry(id: string): CatalogueEntry | undefined {
  const known = [...CHECK_IDS, ...GROUND_IDS].find((one) => one === id);
  return known === undefined ? undefined : CATALOGUE[known];
}
