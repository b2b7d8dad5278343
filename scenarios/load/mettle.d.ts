/** Our k6 brings this module; see fixtures/images/k6/output/gate.go. */
declare module 'k6/x/mettle' {
  /**
   * To be called first in each iteration: holds those that begin after the harness asked the load to end, and throws then.
   * Gives the iteration's number among all of its scenario, from 0.
   */
  export function enter(): number;

  /** To be called before an order is sent that is to be remembered. One that is never settled counts as `unknown`. */
  export function orderSent(id: string): void;

  /**
   * To be called when it is known what became of an order, or that nobody will know; its time is that of the call.
   * @param content_hash of what was accepted; empty where nothing was
   */
  export function orderSettled(
    id: string,
    content_hash: string,
    outcome: 'accepted' | 'refused' | 'unknown',
  ): void;
}
