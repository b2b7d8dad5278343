import type { RecoveryExpectation } from '#harness/core/recovery.ts';

/** Stands for the run's namespace in what a scenario declares: its name is known only when the run begins. */
export const SHOP_NAMESPACE = '{shop}';

type Allowed = RecoveryExpectation['may_differ'];

/** What the release that is shipped between the two looks changes of the shop's objects, and nothing more. */
export const RELEASE_SHIPPED: Allowed = [
  ...['shop', 'shop-primary'].map((name) => ({
    subject: `Deployment/${SHOP_NAMESPACE}/${name}`,
    field: 'spec.template.*',
    why: 'its template names the release',
  })),
  {
    subject: `ConfigMap/${SHOP_NAMESPACE}/shop-release-*`,
    field: '*',
    why: 'each release has a document, which Flagger copies for its primary',
  },
];

/** What is declared, for the run in a namespace. */
export function ofNamespace(declared: Allowed, namespace: string): Allowed {
  return declared.map(({ subject, ...others }) => ({
    subject: subject.replace(SHOP_NAMESPACE, namespace),
    ...others,
  }));
}
