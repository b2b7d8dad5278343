import * as v from 'valibot';
import { freshId } from '#harness/lease/receipt.ts';
import { ApiServer, CURL, findApiServer, INSIDE, stillRuns } from './api-server.ts';
import { defineFault, type Probe } from './fault.ts';
import { onNode, processesOn, signalOn } from './node.ts';
import { runsOnNode, startOnNode, stopOnNode } from './node-loop.ts';

/** Longest life of the pulses when nobody is left to end them, in seconds. */
const LIFE_S = 900;
const QUESTIONS = 8;

/** Stops and continues a process by turns for so many turns, or until it is gone. Lengths are in seconds. */
const PULSES = `n=$4
while [ "$n" -gt 0 ] && kill -STOP "$1"; do
  sleep "$2"; kill -CONT "$1"; sleep "$3"; n=$((n - 1))
done`;

const State = v.object({ server: ApiServer, mark: v.string(), stopped_ms: v.number(), going_ms: v.number() });
type State = v.InferOutput<typeof State>;

/** How long questions take inside the node, where no client's own queue adds to it: the longest and the mean, in ms. */
async function asked(node: string, patience_s: number): Promise<{ longest: number; mean: number }> {
  const times: number[] = [];
  for (let question = 0; question < QUESTIONS; question += 1) {
    const text = await onNode(node, [
      ...CURL,
      '--max-time',
      String(patience_s),
      '--write-out',
      '%{time_total}',
      `${INSIDE}/readyz/ping`,
    ]);
    times.push(Number(text) * 1000);
  }
  return {
    longest: Math.round(Math.max(...times)),
    mean: Math.round(times.reduce((sum, one) => sum + one, 0) / times.length),
  };
}

/**
 * The process is stopped and continued by turns: all that it does is late, as on a machine without processor time. A
 * proxy between a controller and the API server would need a certificate for an address of its own, and a
 * controller that was restarted to use it.
 */
export const apiServerSlow = defineFault({
  name: 'api-server-slow',
  breaks: 'lets the API server run for a part of the time only, so that whoever asks it waits',
  radius: { reach: 'shared', pods_max: 1 },
  options: v.strictObject({
    stopped_ms: v.pipe(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(5000)), 700),
      v.description('how long it stands still each time, in ms; 700 when absent'),
    ),
    going_ms: v.pipe(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(20), v.maxValue(5000)), 300),
      v.description('how long it runs in between, in ms; 300 when absent'),
    ),
  }),
  state: State,
  proof_s: 60,
  without_api: true,
  example: () => ({ stopped_ms: 500, going_ms: 200 }),
  async plan(ctx, { stopped_ms, going_ms }) {
    const server = await findApiServer(ctx);
    const late = `answers come up to ${stopped_ms} ms late`;
    return {
      targets: [server.pod],
      harm: `${late}; it runs for ${Math.round((100 * going_ms) / (stopped_ms + going_ms))} % of the time`,
      state: { server, mark: `mettle-api-server-slow-${freshId()}`, stopped_ms, going_ms },
    };
  },
  async inject(_ctx, { server, mark, stopped_ms, going_ms }) {
    if (!(await stillRuns(server))) return;
    const turns = Math.ceil((LIFE_S * 1000) / (stopped_ms + going_ms));
    const given = [server.pid, stopped_ms / 1000, going_ms / 1000, turns];
    await startOnNode({ node: server.node, mark }, PULSES, given);
  },
  async probeOn(_ctx, { server, stopped_ms }): Promise<Probe> {
    const { longest, mean } = await asked(server.node, 30);
    // A question comes at any moment of a pulse, so the longest of several is near a whole one.
    const seen = `answers take ${mean} ms in the mean, ${longest} ms at worst`;
    return { holds: longest > stopped_ms / 3, seen };
  },
  async heal(_ctx, { server, mark }) {
    await stopOnNode({ node: server.node, mark });
    // A process of the same number that began later is another.
    if (await stillRuns(server)) await signalOn(server.node, 'CONT', [server.pid]);
  },
  async probeOff(_ctx, { server, mark, stopped_ms }) {
    if (await runsOnNode({ node: server.node, mark })) return { holds: false, seen: 'the pulses go on' };
    const [process] = await processesOn(server.node, [server.pid]);
    if (process?.state === 'T') return { holds: false, seen: 'it stands still' };
    const { longest, mean } = await asked(server.node, 5);
    const seen = `answers take ${mean} ms in the mean, ${longest} ms at worst`;
    return { holds: longest < Math.max(stopped_ms / 3, 100), seen };
  },
});
