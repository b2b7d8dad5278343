import { describe, expect, it } from 'vitest';
import { CONTRACT_SETS, contractSetFor } from './sets.ts';

describe('contractSetFor', () => {
  it.each([
    ['flagger', '1.43.0'],
    ['flagger', '1.44.0'],
    ['argo-rollouts', '1.8.4'],
    ['argo-rollouts', '1.10.0'],
  ] as const)('takes the own set of %s %s without a remark', (controller, version) => {
    expect(contractSetFor(controller, version)).toEqual({ version });
  });

  it.each([
    ['flagger', '1.45.0', '1.44.0'],
    ['flagger', '1.41.0', '1.43.0'],
    ['flagger', '1.44.3', '1.44.0'],
    ['flagger', '2.0.0', '1.44.0'],
    ['argo-rollouts', '1.9.1', '1.8.4'],
    ['argo-rollouts', '1.7.2', '1.8.4'],
    ['argo-rollouts', 'v1.10.1', '1.10.0'],
    ['argo-rollouts', 'latest', '1.10.0'],
  ] as const)('judges %s %s by the set of %s, and says so', (controller, version, nearest) => {
    const { version: chosen, remark } = contractSetFor(controller, version);
    expect(chosen).toBe(nearest);
    expect(remark).toContain(version);
    expect(remark).toContain(nearest);
  });

  it('says that a version is not known', () => {
    expect(contractSetFor('flagger', undefined)).toEqual({
      version: CONTRACT_SETS.flagger.at(-1),
      remark: 'the version of flagger is not known: judged by the contracts of 1.44.0',
    });
  });
});
