import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { run, tryRun } from '#harness/process/run.ts';

/** A gateway that routes by host: it answers for one, and knows no other. */
const PROGRAM = `
const { createServer } = require('node:http');
createServer((request, response) => {
  const is_known = request.headers.host === process.argv[1];
  response.writeHead(is_known ? 200 : 404, { 'content-type': 'text/plain; version=0.0.4' });
  response.end(is_known ? 'requests_total 1\\n' : 'not found\\n');
}).listen(8080);
process.on('SIGTERM', () => process.exit(0));
`;

const PORT = 8080;
const PAUSE_MS = 20;
const ANSWERS_MS = 20_000;

/** What stands in for the gateway of a cluster: it is lost, and made again under the same name. */
export interface StandIn extends AsyncDisposable {
  readonly network: string;
  /** As containers in its network find it. */
  readonly gateway: string;
  /** Kills and removes it. Returns when it was told to die. */
  lose(): Promise<number>;
  /** Makes it again, to answer for this host. Returns when it answered first. */
  remake(host: string): Promise<number>;
}

async function answers(container: string, host: string): Promise<boolean> {
  const { stdout } = await tryRun(['docker', 'port', container, String(PORT)]);
  const port = Number(stdout.trim().split(':').at(-1));
  if (!Number.isInteger(port) || port === 0) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const asked = request({ host: '127.0.0.1', port, headers: { host }, timeout: 1000 }, (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  });
  asked.on('error', () => resolve(false));
  asked.end();
  return await promise;
}

/** Starts a stand-in in a network of its own. @param image one with Node in it */
export async function startStandIn(image: string, host: string): Promise<StandIn> {
  const name = `mettle-e2e-${randomUUID().slice(0, 8)}`;
  await run(['docker', 'network', 'create', name]);
  const start = async (known: string): Promise<number> => {
    const place = [`--name=${name}`, `--network=${name}`, `--publish=127.0.0.1::${PORT}`];
    const program = ['--entrypoint=/usr/local/bin/node', image, '-e', PROGRAM, known];
    await run(['docker', 'run', '--detach', '--rm', ...place, ...program]);
    const deadline = performance.now() + ANSWERS_MS;
    while (!(await answers(name, known))) {
      if (performance.now() > deadline) throw new Error(`${name} does not answer`);
      await delay(PAUSE_MS);
    }
    return Date.now();
  };
  await start(host);
  return {
    network: name,
    gateway: `${name}:${PORT}`,
    lose: async () => {
      const at = Date.now();
      await run(['docker', 'rm', '--force', name]);
      return at;
    },
    remake: start,
    [Symbol.asyncDispose]: async () => {
      await tryRun(['docker', 'rm', '--force', name]);
      await tryRun(['docker', 'network', 'rm', name]);
    },
  };
}
