/** Our k6 brings this module; see fixtures/images/k6/output/gate.go. */
declare module 'k6/x/mettle' {
  /** To be called first in each iteration: holds those that begin after the harness asked the load to end. */
  export function enter(): void;
}
