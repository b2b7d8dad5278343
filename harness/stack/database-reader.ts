/** An account that may read the tables of one shop and nothing else: what a guard copies them by. */
import { randomBytes } from 'node:crypto';
import { identifier, literal } from '#harness/database/ask.ts';
import { made } from './shop-manifests.ts';
import type { StackContext } from './component.ts';
import { shopSchema } from './postgres.ts';
import { runSql } from './superuser.ts';

/** Name of the Secret that holds the account, with the keys `user` and `password`. */
const READER_SECRET = 'shop-guard-database';
/** Role that the server lets in by network, whoever is its member. */
const READERS = 'readers';
const PASSWORD_BYTES = 18;

/**
 * Makes the account for the shop of a namespace, whose tables are there, and its Secret in that namespace. Giving it back takes
 * the account away.
 * @throws UnfitError when PostgreSQL refuses
 */
export async function databaseReader(ctx: StackContext, namespace: string): Promise<AsyncDisposable> {
  const schema = shopSchema(namespace);
  const user = `${schema}_reader`;
  const role = identifier(user);
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    await runSql(ctx, `DROP OWNED BY ${role}; DROP ROLE ${role};`);
  });
  await runSql(
    ctx,
    `DO $$ BEGIN
  CREATE ROLE ${READERS};
  GRANT CONNECT ON DATABASE shop TO ${READERS};
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
CREATE ROLE ${role} LOGIN PASSWORD ${literal(password)} CONNECTION LIMIT 5 IN ROLE ${READERS};
ALTER ROLE ${role} SET default_transaction_read_only = on;
GRANT USAGE ON SCHEMA ${identifier(schema)} TO ${role};
GRANT SELECT ON ALL TABLES IN SCHEMA ${identifier(schema)} TO ${role};
GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${identifier(schema)} TO ${role};
`,
  );
  const secret = made({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: READER_SECRET, namespace },
    type: 'Opaque',
    stringData: { user, password },
  });
  await ctx.kube.apply([secret], { namespace });
  return undo.move();
}
