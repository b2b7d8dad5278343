/** Services that need a version of another: what a run of them declares before it acts, and what was decided meanwhile. */

/** A version of the API of a service. */
export interface ApiNeed {
  readonly service: string;
  readonly version: number;
}

/** A release of a service that offers versions of an API, or needs one. */
export interface ApiRelease {
  /** Name of its Deployment: its pods are `Pod/namespace/app-...`. */
  readonly app: string;
  /** On the pods' label. */
  readonly release: string;
  readonly serves: readonly number[];
  readonly needs?: ApiNeed;
}

/** Releases are shipped while a service is used, each only beside what it needs. */
export interface DependencyExpectation {
  readonly of: 'dependency';
  readonly namespace: string;
  /** The service that users ask. */
  readonly app: string;
  readonly releases: readonly ApiRelease[];
  /** What is asked for, in its turn. */
  readonly asks: readonly DeclaredAsk[];
}

/** A release that is asked for. */
export interface DeclaredAsk {
  /** Names its records, as `Ask/namespace/name`. */
  readonly name: string;
  readonly release: string;
  /** `refused`: what it needs is not there, or what needs another is, so that nothing of it may be shipped. */
  readonly expected: 'shipped' | 'refused';
}

/** What was decided about a release that was asked for. */
export interface AskData {
  readonly release: string;
  readonly state: 'shipped' | 'refused';
  /** For a reader: why. */
  readonly note: string;
}

/** `version 1 and 2`. */
export function versionsText(serves: readonly number[]): string {
  return serves.length === 0 ? 'no version' : `version ${serves.join(' and ')}`;
}
