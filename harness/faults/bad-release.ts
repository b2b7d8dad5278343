import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { stringify } from 'yaml';
import { readRelease } from '#harness/config/document.ts';
import { UsageError } from '#harness/core/errors.ts';
import { at, listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
import { nearest } from '#harness/core/nearest.ts';
import { RELEASE_LABEL } from '#harness/core/object-labels.ts';
import { CONFIG_MAP } from '#harness/kube/recording.ts';
import { freshId } from '#harness/lease/receipt.ts';
import { defineFault } from './fault.ts';
import {
  changeTemplate,
  planTemplate,
  podsOfChange,
  probeRestored,
  restoreTemplate,
  TemplateChange,
  templateHolder,
  workloadOption,
} from './pod-template.ts';

const RELEASES = join(import.meta.dirname, '../../fixtures/releases');

async function documentOf(name: string): Promise<object> {
  const names = (await readdir(RELEASES))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length));
  if (!names.includes(name)) {
    const near = nearest(name, names);
    throw new UsageError(`there is no release document ${JSON.stringify(name)}`, {
      next: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are: ${names.join(', ')}`,
    });
  }
  return (await readRelease(join(RELEASES, `${name}.yaml`))).document;
}

/** The volumes of a pod template with another map of the release. */
function withMap(volumes: unknown, map: string): unknown {
  return (Array.isArray(volumes) ? volumes : []).map((volume: unknown) =>
    textAt(volume, 'name') === 'release'
      ? { ...Object(volume), configMap: { ...Object(at(volume, 'configMap')), name: map } }
      : volume,
  );
}

/** Ships a release of the shop's catalogue in place of the one that stands; healing puts the former pod template back. */
export const badRelease = defineFault({
  name: 'bad-release',
  breaks: 'ships a release of the shop that misbehaves as its document says',
  radius: { reach: 'own', pods_max: 10 },
  options: v.strictObject({
    document: v.pipe(v.string(), v.description('document under fixtures/releases, for example errors-50')),
    workload: workloadOption,
  }),
  state: v.object({ template: TemplateChange, release: v.string(), map: v.string(), text: v.string() }),
  example: () => ({ document: 'errors-50' }),
  async plan({ kube }, { document: name, workload }, namespace) {
    const document = await documentOf(name);
    const { ref, object } = await templateHolder(kube, namespace, workload);
    const mark = freshId();
    const release = `${name}-${mark}`;
    const map = `shop-release-${release}`;
    if (
      !listAt(object, 'spec', 'template', 'spec', 'volumes').some((one) => textAt(one, 'name') === 'release')
    ) {
      throw new UsageError(`${nameOf(object)} takes no release document: it has no volume "release"`);
    }
    const template = await planTemplate(kube, ref, mark, [
      { path: ['metadata', 'labels', RELEASE_LABEL], to: () => release },
      { path: ['spec', 'volumes'], to: (volumes) => withMap(volumes, map) },
    ]);
    return {
      targets: [nameOf(object)],
      harm: `users of ${workload} meet what release ${name} does, as far as its rollout lets it come`,
      state: { template, release, map, text: stringify({ ...document, release }) },
    };
  },
  async inject(ctx, { template, release, map, text }) {
    const { namespace } = template;
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: map, namespace, labels: { [RELEASE_LABEL]: release } },
      data: { 'release.yaml': text },
    };
    await ctx.kube.apply([
      { object, position: { file: 'harness/faults/bad-release.ts', line: 1, column: 1 } },
    ]);
    await changeTemplate(ctx, template);
  },
  async probeOn(ctx, { template, release }) {
    const pods = await podsOfChange(ctx, template);
    return { holds: pods.length > 0, seen: `${pods.length} pods of release ${release}` };
  },
  async heal(ctx, { template, map }) {
    await restoreTemplate(ctx, template);
    await ctx.kube.beginRemoval({ ...CONFIG_MAP, namespace: template.namespace, name: map });
  },
  probeOff: (ctx, { template }) => probeRestored(ctx, template),
});
