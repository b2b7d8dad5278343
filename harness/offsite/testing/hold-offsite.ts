/**
 * A run in small, for tests to kill: makes what is off-site, says so on standard output, and holds it until a signal.
 * Its argument is the id. With `outage` as a second one it is killed while Git is away, with `watch` there is a watch as well.
 */
import { beginOffsite } from '../offsite.ts';

const [, , id = '', act = ''] = process.argv;
const stop = new AbortController();
process.once('SIGINT', () => {
  stop.abort(new Error('SIGINT'));
});

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

await using offsite = await beginOffsite({
  id,
  watch: act === 'watch',
  images: { mode: 'auto' },
  progress: say,
  signal: stop.signal,
});
await offsite.seal([{ namespace: 'database', name: 'postgres', values: { username: 'shop' } }]);
if (act === 'outage') {
  await offsite.outage(600);
  say('git is away');
}
say(`made ${offsite.id}`);
await new Promise<void>((resolve) => {
  const hold = setInterval(() => undefined, 1000);
  stop.signal.addEventListener('abort', () => {
    clearInterval(hold);
    resolve();
  });
});
