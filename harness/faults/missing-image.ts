import * as v from 'valibot';
import { listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
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

/** A host that no name service knows (RFC 6761), so that nothing outside is asked. */
const ABSENT = 'registry.invalid/shop:absent';
const CANNOT_PULL = /^(?:ErrImagePull|ImagePullBackOff|ErrImageNeverPull)$/;

/** Ships a release whose image nobody can pull. */
export const missingImage = defineFault({
  name: 'missing-image',
  breaks: 'ships a release whose image cannot be pulled, so that its pods never start',
  radius: { reach: 'own', pods_max: 10 },
  options: v.strictObject({ workload: workloadOption }),
  state: v.object({ template: TemplateChange }),
  example: () => ({}),
  async plan({ kube }, { workload }, namespace) {
    const { ref, object } = await templateHolder(kube, namespace, workload);
    const template = await planTemplate(kube, ref, freshId(), [
      {
        path: ['spec', 'containers'],
        to: (containers) =>
          (Array.isArray(containers) ? containers : []).map((one: unknown, index) =>
            index === 0 ? { ...Object(one), image: ABSENT } : one,
          ),
      },
    ]);
    return {
      targets: [nameOf(object)],
      harm: `no new pod of ${workload} starts; whoever the rollout takes away meanwhile is not replaced`,
      state: { template },
    };
  },
  inject: (ctx, { template }) => changeTemplate(ctx, template),
  async probeOn(ctx, { template }) {
    const pods = await podsOfChange(ctx, template);
    const reasons = pods.flatMap((pod) =>
      listAt(pod, 'status', 'containerStatuses').map(
        (one) => textAt(one, 'state', 'waiting', 'reason') ?? '',
      ),
    );
    return {
      holds: reasons.some((reason) => CANNOT_PULL.test(reason)),
      seen: `${pods.length} pods wait: ${reasons.join(', ') || 'no reason yet'}`,
    };
  },
  heal: (ctx, { template }) => restoreTemplate(ctx, template),
  probeOff: (ctx, { template }) => probeRestored(ctx, template),
});
