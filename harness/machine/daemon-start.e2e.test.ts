import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProgram } from '#harness/process/paths.ts';
import { run } from '#harness/process/run.ts';
import { type DaemonProgram, startProgram } from './daemon-start.ts';

const dockerd = findProgram('dockerd');

/** A daemon with networks and mounts of its own: it would take away the bridge of the machine's daemon. */
function daemonIn(folder: string, program: string): DaemonProgram & { readonly host: string } {
  const host = `unix://${join(folder, 'docker.sock')}`;
  const places = [
    ['--host', host],
    ['--data-root', join(folder, 'data')],
    ['--exec-root', join(folder, 'exec')],
    ['--pidfile', join(folder, 'docker.pid')],
    ['--config-file', join(folder, 'daemon.json')],
  ].flat();
  const plain = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver=vfs'];
  return {
    command: ['unshare', '--net', '--mount', program, ...places, ...plain],
    root: join(folder, 'data'),
    log_file: join(folder, 'dockerd.log'),
    host,
  };
}

async function stop(folder: string): Promise<void> {
  const pid = (await readFile(join(folder, 'docker.pid'), 'utf8')).trim();
  process.kill(Number(pid), 'SIGTERM');
  await run(['tail', `--pid=${pid}`, '-f', '/dev/null'], { timeout_s: 60 });
}

test.skipIf(dockerd === undefined || process.getuid?.() !== 0)(
  'a daemon that was killed while it removed a network starts again, and its own networks are made anew',
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'mettle-daemon-'));
    await writeFile(join(folder.path, 'daemon.json'), '{}');
    const daemon = daemonIn(folder.path, dockerd ?? '');
    const docker = ['docker', '--host', daemon.host, 'network'];
    const files = join(folder.path, 'data', 'network', 'files');
    const said: string[] = [];
    await using given = new AsyncDisposableStack();

    given.defer(async () => {
      await stop(folder.path);
    });
    await startProgram(daemon, (line) => said.push(line));
    await run([...docker, 'create', 'half-removed']);
    await stop(folder.path);
    const whole = await readFile(join(files, 'local-kv.db'), 'latin1');
    expect(whole).toContain('"ipamV4Info"');
    // What a removal takes away first: the network's addresses, while its settings still stand.
    await writeFile(join(files, 'local-kv.db'), whole.replaceAll('"ipamV4Info"', '"ipamV4Gone"'), 'latin1');

    const info = await startProgram(daemon, (line) => said.push(line));

    const names = (await run([...docker, 'ls', '--format', '{{.Name}}'])).stdout.split('\n');
    expect(names).toContain('host');
    // Later daemons forgive such a network: nothing is set aside that need not be.
    const set_aside = said.some((line) => line.includes('moby/moby#45057'));
    expect(await readdir(files)).toHaveLength(set_aside ? 2 : 1);
    expect(set_aside || Number.parseInt(info.version, 10) >= 23).toBe(true);
  },
);
