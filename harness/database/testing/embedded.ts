import { afterAll, beforeAll } from 'vitest';
import { openSession } from '../guard/apply-session.ts';
import { startSmallServer } from './small-server.ts';
import type { ScratchDatabase, ScratchServer } from '../server/types.ts';

/** Longest time for a server to start and be filled, or to end, on a busy machine, in ms. */
const BUSY_MS = 60_000;

/** What the tests of a group work with; it is there once they begin. */
export interface Embedded {
  readonly server: ScratchServer;
  readonly template: ScratchDatabase;
  /** A copy of the template, for one test to change. */
  copy(): Promise<ScratchDatabase>;
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the server is not there before the first test begins');
  return value;
}

/** To be called within `describe`: a server of the group's own, with a database that some statements have made. */
export function embedded(statements: string): Embedded {
  let server: ScratchServer | undefined;
  let template: ScratchDatabase | undefined;

  beforeAll(async () => {
    server = await startSmallServer();
    template = await server.create();
    await using session = await openSession(template.address, 'test');
    await session.client.query(statements);
  }, BUSY_MS);

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  }, BUSY_MS);

  return {
    get server() {
      return present(server);
    },
    get template() {
      return present(template);
    },
    copy: () => present(server).create({ template: present(template) }),
  };
}
