import * as v from 'valibot';
import { ApiServer, CURL, findApiServer, INSIDE, stillRuns } from './api-server.ts';
import { defineFault } from './fault.ts';
import { signalOn, tryOnNode } from './node.ts';

/** The kubelet starts it again: at once the first time, after 10 s and more when it ended a short while ago. */
export const apiServerRestarted = defineFault({
  name: 'api-server-restarted',
  breaks: 'ends the API server at once; whoever asks or watches it has to begin anew',
  radius: { reach: 'shared', pods_max: 1 },
  options: v.strictObject({}),
  state: ApiServer,
  proof_s: 120,
  without_api: true,
  example: () => ({}),
  async plan(ctx) {
    const state = await findApiServer(ctx);
    return {
      targets: [state.pod],
      harm: 'nothing can be read or changed on the cluster for seconds; traffic goes on',
      state,
    };
  },
  async inject(_ctx, state) {
    if (await stillRuns(state)) await signalOn(state.node, 'KILL', [state.pid]);
  },
  async probeOn(_ctx, state) {
    const there = await stillRuns(state);
    return { holds: !there, seen: there ? 'the same process runs' : `process ${state.pid} is gone` };
  },
  // There is nothing to undo; the kubelet starts another, and that is what `probeOff` waits for.
  heal: () => Promise.resolve(),
  async probeOff({ kube }, { node }) {
    const command = [...CURL, '--max-time', '2', '--write-out', '%{http_code}', `${INSIDE}/readyz`];
    const { stdout } = await tryOnNode(node, command);
    if (stdout !== '200') return { holds: false, seen: `it answers ${stdout} to whether it is ready` };
    await kube.get({ api_version: 'v1', kind: 'Namespace', name: 'default' });
    return { holds: true, seen: 'it is ready, and answers' };
  },
});
