import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { RunningLoad } from '#harness/load/running.ts';
import { setChatBehaviour } from '#harness/stack/chat.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import type { SeededDefect } from './rollout-act.ts';

/** After this time the load is killed: the canary takes traffic by then, and the rollback has not come. */
const KILL_LOAD_AFTER_S = 25;

/** Pattern by which the load is starved: stopped for most of each period, in ms. */
const STARVE = { period_ms: 500, stopped_ms: 450 } as const;

/** How long Prometheus may take to come back, in seconds. */
const RESTORE_S = 60;

function starve(load: RunningLoad): AsyncDisposable {
  const wake: NodeJS.Timeout[] = [];
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    try {
      process.kill(load.pid, name);
    } catch {
      // The load has ended: there is nothing left to starve.
    }
  };
  const timer = setInterval(() => {
    signal('SIGSTOP');
    wake.push(setTimeout(() => signal('SIGCONT'), STARVE.stopped_ms));
  }, STARVE.period_ms);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      for (const one of wake) clearTimeout(one);
      signal('SIGCONT');
    },
  };
}

function killLater(load: RunningLoad): AsyncDisposable {
  const timer = setTimeout(() => void load.kill(), KILL_LOAD_AFTER_S * 1000);
  return {
    [Symbol.asyncDispose]: async () => clearTimeout(timer),
  };
}

/** Keeps every core of the machine busy. Threads of this process, so that none outlives it. */
function fillMachine(): AsyncDisposable {
  const busy = Array.from(
    { length: 2 * availableParallelism() },
    () => new Worker('for (;;);', { eval: true }),
  );
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(busy.map(async (one) => one.terminate()));
    },
  };
}

/** Each must be noticed by its rule, which fails but where the defect takes its evidence away: proof that Mettle can fail. */
const DEFECTS: readonly SeededDefect[] = [
  {
    name: 'rollback-disabled',
    breaks: 'the Canary tolerates a thousand failed checks',
    noticed_by: 'rolled-back',
    canary: { threshold: 1000 },
  },
  {
    name: 'metric-missing',
    breaks: 'the analysis looks at a metric that does not exist',
    noticed_by: 'judge-saw',
    canary: { metric: 'http_requests_of_nobody_total' },
  },
  {
    name: 'gateway-ignores-weights',
    breaks: 'the gateway sends users to every pod alike',
    noticed_by: 'traffic-share',
    canary: { routing: 'ignores-weights' },
  },
  {
    name: 'chat-drops',
    breaks_shared: true,
    breaks: 'the chat accepts messages and loses them',
    noticed_by: 'chat-told',
    before: async ({ cluster }) => {
      await setChatBehaviour(cluster, { drop: true });
      return { [Symbol.asyncDispose]: () => setChatBehaviour(cluster, {}) };
    },
  },
  {
    name: 'load-starved',
    breaks: 'the load generator gets a tenth of the time it needs',
    noticed_by: 'load-self-check',
    takes_evidence: {
      says: /the load generator (?:dropped|was starved)|s of load were not measured|the load reached/,
      inconclusive_because:
        'a load that is not as offered proves nothing about the stack, so its rule never fails',
    },
    load: starve,
  },
  {
    name: 'load-killed',
    breaks: 'the load generator dies half-way',
    noticed_by: 'load-self-check',
    takes_evidence: {
      says: /the load ended before it was asked to/,
      inconclusive_because:
        'a load that died measured nothing from then on, and the stack is not to blame for that',
    },
    load: killLater,
  },
  {
    name: 'machine-full',
    breaks_shared: true,
    breaks: 'the Canary tolerates a thousand failed checks, and the machine has no processor time to spare',
    noticed_by: 'machine-self-check',
    takes_evidence: {
      says: /no processor time to spare in \d+ of \d+ s/,
      inconclusive_because:
        'where a machine is full nobody knows whether it broke the promise, so no rule may fail',
    },
    canary: { threshold: 1000 },
    load: fillMachine,
  },
  {
    name: 'prometheus-down',
    breaks_shared: true,
    breaks: 'Prometheus is scaled to zero before the start',
    noticed_by: 'judge-saw',
    before: async ({ ctx }) => {
      const prometheus = { ...DEPLOYMENT, namespace: 'monitoring', name: 'prometheus' };
      await ctx.kube.scale(prometheus, 0, { deadline_s: RESTORE_S });
      return { [Symbol.asyncDispose]: () => ctx.kube.scale(prometheus, 1, { deadline_s: RESTORE_S }) };
    },
  },
  {
    name: 'release-not-bad',
    breaks: 'the release that should be bad is good',
    noticed_by: 'fault-took',
    takes_evidence: {
      says: /the fault did not take as declared/,
      inconclusive_because:
        'without a bad release nothing is proven about its rollback, and nothing is broken',
    },
    release: 'good',
  },
];

/** Defects that stay within the run's namespace. */
export const SEEDED_DEFECTS = DEFECTS.filter((one) => one.breaks_shared !== true);

/** Defects of parts that other scenarios on the cluster use. */
export const SHARED_DEFECTS = DEFECTS.filter((one) => one.breaks_shared === true);
