import type { Contract } from './contract.ts';

type Controller = Exclude<Contract['controller'], 'either'>;

/** Versions of each controller that the contracts were written for and settled on, oldest first. */
export const CONTRACT_SETS: Readonly<Record<Controller, readonly [string, ...string[]]>> = {
  flagger: ['1.43.0', '1.44.0'],
  'argo-rollouts': ['1.8.4', '1.10.0'],
};

/** The set of contracts by which a version is judged. */
export interface ChosenSet {
  readonly version: string;
  /** Why it is not the version's own set, as a sentence; absent when it is. */
  readonly remark?: string;
}

function numbersOf(version: string): readonly number[] | undefined {
  const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  return found?.slice(1).map((part) => Number(part ?? 0));
}

/** Whether a version comes after another; what is not made of numbers comes after all. */
function isAfter(version: string, other: string): boolean {
  const left = numbersOf(version);
  const right = numbersOf(other);
  if (!left || !right) return right !== undefined;
  const index = left.findIndex((part, at) => part !== right[at]);
  return index !== -1 && (left[index] ?? 0) > (right[index] ?? 0);
}

/** The last set that was written for a version not after this one, else the oldest. */
function nearestSet(known: readonly [string, ...string[]], version: string): string {
  return known.findLast((one) => isAfter(version, one)) ?? known[0];
}

/** The set by which a version of a controller is judged: its own, else the nearest, with a remark that says so. */
export function contractSetFor(controller: Controller, version: string | undefined): ChosenSet {
  const known = CONTRACT_SETS[controller];
  const newest = known.at(-1) ?? known[0];
  if (version === undefined) {
    return {
      version: newest,
      remark: `the version of ${controller} is not known: judged by the contracts of ${newest}`,
    };
  }
  if (known.includes(version)) return { version };
  const nearest = nearestSet(known, version);
  return {
    version: nearest,
    remark: `there are no contracts for ${controller} ${version}: judged by those of ${nearest}`,
  };
}
