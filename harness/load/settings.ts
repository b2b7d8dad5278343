import { isIPv4 } from 'node:net';
import { UsageError } from '#harness/core/errors.ts';

/**
 * Users of a load that are told apart. A group is in the answers' series, as what was asked with, not as what was
 * wished for.
 */
export interface LoadUsers {
  /** These requests, chosen by their number, carry a header: the group `marked`; the others are `plain`. */
  readonly marked?: { readonly header: string; readonly value: string; readonly share_pct: number };
  /**
   * Each virtual user keeps the cookies that it is given, as a browser does. Requests that carry this one are the
   * group `kept`, the others `none`.
   */
  readonly cookie?: string;
}

/** What the harness tells the load script, as JSON in the variable METTLE_LOAD. */
export interface LoadSettings {
  /** First part of each request's id; unique among runs. */
  readonly run: string;
  /** Base address without a path, for example `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Value of the Host header, by which the gateway chooses the application. */
  readonly host: string;
  readonly rate_per_s: number;
  readonly vus: number;
  /** The rate grows evenly during this time, so that connections and code are warm. */
  readonly warm_up_s: number;
  /** The rate that it grows from. */
  readonly warm_up_from_per_s: number;
  /** Time at the full rate, after the warm-up. */
  readonly duration_s: number;
  /** A request without an answer after this time is bad and has status 0. */
  readonly timeout_s: number;
  /** File that k6 writes its own summary to. */
  readonly summary: string;
  /** All users are alike when absent. */
  readonly users?: LoadUsers;
  /** Each order, its content's hash and what became of it are remembered; see `PlacedOrderFact`. Not when absent. */
  readonly remember_orders?: boolean;
}

/** Upper bounds of what one load may ask for: a mistake must not become an attack on the machine. */
export const LOAD_MAX = { rate_per_s: 5000, vus: 2000, duration_s: 2 * 60 * 60 } as const;

/**
 * Checks that a load is bounded and goes to this machine only.
 * @throws UsageError when its target is not a literal loopback address, or a number is out of bounds
 */
export function checkSettings(settings: LoadSettings): void {
  checkTarget(settings.url);
  for (const name of ['rate_per_s', 'vus', 'duration_s'] as const) {
    const value = settings[name];
    if (!Number.isInteger(value) || value < 1 || value > LOAD_MAX[name]) {
      throw new UsageError(
        `load: ${name} is ${value}, but must be a whole number from 1 to ${LOAD_MAX[name]}`,
      );
    }
  }
}

/** Names are refused even when they mean loopback today: who resolves them is not ours to trust. */
function checkTarget(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const host = url?.hostname ?? '';
  const is_loopback = host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
  if (
    url?.protocol !== 'http:' ||
    !is_loopback ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.username !== ''
  ) {
    throw new UsageError(`load: ${text} is refused as a target`, {
      next: 'give a loopback address and a port, for example http://127.0.0.1:8080',
    });
  }
}
