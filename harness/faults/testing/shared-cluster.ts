import type { TestProject } from 'vitest/node';
import { PlainPhases } from '#harness/cli/phases-plain.ts';
import { prepareCluster, prepareImages } from '#harness/run/prepare.ts';
import { PROFILES } from '#harness/stack/profiles.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Name of the cluster that faults are tried out on. */
    faultCluster: string;
  }
}

/** Makes one cluster with every part for all tests of faults, unless `METTLE_TEST_CLUSTER` names one. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const named = process.env['METTLE_TEST_CLUSTER'];
  if (named !== undefined && named !== '') {
    project.provide('faultCluster', named);
    return undefined;
  }
  const phases = new PlainPhases((text) => void process.stderr.write(text));
  const { signal } = new AbortController();
  const components = [...PROFILES.full];
  const artifacts = await prepareImages({
    install: false,
    images: 'auto',
    registry: undefined,
    components,
    phases,
    signal,
  });
  const cluster = await prepareCluster(artifacts, { phases, signal, keep: false, components });
  project.provide('faultCluster', cluster.name);
  return async () => {
    await cluster[Symbol.asyncDispose]();
  };
}
