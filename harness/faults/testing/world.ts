import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { RunningCluster } from '#harness/cluster/types.ts';
import type { Draft } from '#harness/core/timeline.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { stateFolder } from '#harness/process/paths.ts';
import { defineFault, type BlastRadius, type Fault, type FaultContext } from '../fault.ts';

/** A fault of nothing real: what it did is noted, and what it would meet can be chosen. */
export class World {
  readonly calls: string[] = [];
  readonly records: Draft[] = [];
  broken = false;
  /** What the next calls of `heal` throw, one after the other. */
  readonly heal_errors: Error[] = [];
  /** False lets it be injected without taking effect. */
  takes = true;
  /** Called while it is being injected. */
  during: () => Promise<void> = () => Promise.resolve();

  readonly recorder = { record: (draft: Draft): number => this.records.push(draft) };

  /** Kinds of the records so far, with who healed. */
  get told(): readonly string[] {
    return this.records.map((one) =>
      one.source === 'fault' ? [one.kind, one.data.by].filter(Boolean).join(' by ') : one.kind,
    );
  }

  fault(radius: Partial<BlastRadius> = {}): Fault {
    return defineFault({
      name: 'world-break',
      breaks: 'breaks the world',
      radius: { reach: 'own', pods_max: 2, ...radius },
      proof_s: 1,
      without_api: true,
      options: v.strictObject({ targets: v.array(v.string()) }),
      state: v.object({ how: v.string() }),
      example: () => ({ targets: ['Thing/here/one'] }),
      plan: (_ctx, { targets }) => {
        this.calls.push('plan');
        return Promise.resolve({ targets, harm: 'the world is broken', state: { how: 'much' } });
      },
      inject: async () => {
        this.calls.push('inject');
        await this.during();
        this.broken = this.takes;
      },
      probeOn: () => Promise.resolve({ holds: this.broken, seen: `broken: ${this.broken}` }),
      heal: () => {
        this.calls.push('heal');
        const error = this.heal_errors.shift();
        if (error) return Promise.reject(error);
        this.broken = false;
        return Promise.resolve();
      },
      probeOff: () => Promise.resolve({ holds: !this.broken, seen: `broken: ${this.broken}` }),
    });
  }
}

const SERVER = 'https://127.0.0.1:9';

/** A cluster at whose address nobody listens. */
export async function nowhere(): Promise<FaultContext> {
  const name = 'mettle-nowhere';
  const kubeconfig = join(await stateFolder('clusters'), `${name}.kubeconfig`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: SERVER } }],
    users: [{ name, user: {} }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const port = 20_000;
  const cluster: RunningCluster = {
    name,
    uid: 'uid-nowhere',
    api_server: SERVER,
    kubeconfig,
    ports: {
      gateway: port,
      contour: port,
      git: port,
      postgres: port,
      prometheus: port,
      alertmanager: port,
      chat: port,
    },
    guarded: true,
  };
  return { kube: kubeClient(cluster), cluster, progress: () => undefined };
}
