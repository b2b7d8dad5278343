import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import getPort from 'get-port';
import { afterAll, beforeAll } from 'vitest';
import { type AnswerSeries, type Recorder, Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { folderOf, loadBom } from '#harness/images/bom.ts';
import { buildFolder, requireGo } from '#harness/images/go-build.ts';
import { type Child, startChild } from '#harness/process/child.ts';
import { startLoad } from '../load.ts';
import type { ProfileName } from '../profiles.ts';
import type { RunningLoad } from '../running.ts';

/** The real generator and the real shop, both as processes of this machine. */

const PROJECT = join(import.meta.dirname, '../../..');
const JUDGED_S = 6;

/** The real generator, and a folder for what it leaves; both are there while the tests of the file run. */
export interface Generator {
  readonly k6: string;
  readonly folder: string;
  /** Starts a load against a shop. */
  readonly load: (
    profile: ProfileName,
    url: string,
    recorder: Recorder,
    remember_orders?: boolean,
  ) => Promise<RunningLoad>;
}

/** Builds the generator before the tests of the file that calls it. */
export function realGenerator(): Generator {
  let folder = '';
  let k6 = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mettle-load-'));
    const built = await buildFolder('k6', folderOf(await loadBom(), 'k6'), await requireGo(), {
      progress: () => undefined,
    });
    k6 = join(built, 'bin', 'k6');
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return {
    get k6() {
      return k6;
    },
    get folder() {
      return folder;
    },
    load: async (profile, url, recorder, remember_orders = false) =>
      await startLoad({
        remember_orders,
        k6,
        profile,
        url,
        recorder,
        host: 'shop.demo.test',
        run: 'demo',
        duration_max_s: 120,
        out_dir: join(folder, `${profile}-${Date.now()}`),
      }),
  };
}

/** Keeps what a load recorded. */
export class MemoryRecorder implements Recorder {
  readonly records: TimelineRecord[] = [];

  record(draft: Parameters<Recorder['record']>[0]): number {
    const seq = this.records.length + 1;
    this.records.push({ at: Date.now(), ...draft, seq });
    return seq;
  }

  get timeline(): Timeline {
    return new Timeline(this.records);
  }

  get series(): readonly AnswerSeries[] {
    return this.timeline.of('load', 'second').flatMap(({ data }) => data.series);
  }
}

/** A real shop, as a process of this machine. */
export interface Shop extends AsyncDisposable {
  readonly url: string;
  /** Signals the shop's process. */
  readonly kill: Child['kill'];
}

/** The shop with a release of the catalogue. */
export async function startShop(release: string, on_port?: number, mode_file?: string): Promise<Shop> {
  const port = on_port ?? (await getPort({ host: '127.0.0.1' }));
  const shop: Child = startChild([process.execPath, join(PROJECT, 'fixtures/apps/shop/main.ts')], {
    env: {
      RELEASE_FILE: join(PROJECT, `fixtures/releases/${release}.yaml`),
      POD_NAME: 'pod',
      HOST: '127.0.0.1',
      PORT: String(port),
      ...(mode_file === undefined ? {} : { MODE_FILE: mode_file }),
    },
  });
  const lines = createInterface({ input: shop.stdout });
  for await (const line of lines) if (line.includes('listening')) break;
  shop.stdout.resume();
  return {
    url: `http://127.0.0.1:${port}`,
    kill: (signal) => shop.kill(signal),
    [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose](),
  };
}

/** Waits until the warm-up is over and a few seconds can be judged. */
export async function judgeable(running: RunningLoad): Promise<void> {
  await running.waitUntil((recent) => ({ met: recent.length >= JUDGED_S + 5, seen: `${recent.length} s` }), {
    awaited: 'seconds to judge',
    deadline_s: 60,
  });
}
