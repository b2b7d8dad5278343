/** Left out where a release that fails is promoted all the same. */
export const NEVER_ROLLED_BACK: Readonly<Record<string, string>> = {
  'no-other-loss': 'the release fails half of its requests, and nothing takes it back',
  'healthy-after': 'the release fails half of its requests, and nothing takes it back',
  alert: 'the release fails for as long as it is watched, so the alert may fire',
};

/** Left out where pods that never become ready are rolled back. */
export const NEVER_READY: Readonly<Record<string, string>> = {
  'rolled-back': "its budget is that of failed checks; the contract has the deadline's",
  'chat-told': 'it asks for words about failed checks, and none failed',
  alert: 'no user meets the release, so no alert can be pending',
};

/** Left out where a promotion is meant to fail. */
export const PROMOTION_FAILS: Readonly<Record<string, string>> = {
  promoted: 'the promotion is meant to fail',
  'judge-saw': 'it is a part of the promotion, which fails for another reason than a check',
  'chat-calm': 'the failure is meant to be told',
  'healthy-after': "the primary's new pods stay unready, because they were made so",
};
