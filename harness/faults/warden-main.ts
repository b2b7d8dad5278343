/** The warden: started by the harness, outlives it, and settles what it left. See `harness/lease/watch-owner.ts`. */
import { parseOwner } from '#harness/lease/owner.ts';
import { forgetWarden } from '#harness/lease/warden-record.ts';
import { watchOwner } from '#harness/lease/watch-owner.ts';
import { HEALERS } from './healers.ts';

const [, , text = ''] = process.argv;
const owner = parseOwner(text);

// A terminal's signals are meant for the harness.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

const watching = watchOwner({
  owner,
  healers: HEALERS,
  log: (line) => {
    process.stdout.write(`${new Date().toISOString()} warden of ${owner.pid}: ${line}\n`);
  },
  lifeline: {
    onBeat: (listener) => {
      process.on('message', listener);
    },
    onClosed: (listener) => {
      process.on('disconnect', listener);
      // The harness may have ended while this program was being loaded.
      if (!process.connected) listener();
    },
  },
});
process.send?.('ready');
await watching;
await forgetWarden(owner);
process.exit(0);
