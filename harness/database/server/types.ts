import type { ServerEngine } from '#harness/core/guard/facts.ts';
import type { Progress } from '#harness/core/progress.ts';

/** How a database is reached. Never printed: errors and reports name `host:port/database` only. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** As in libpq; without it the connection is not encrypted, and programs of PostgreSQL try both. */
  readonly sslmode?: SslMode;
  /** File with the certificates that are trusted, as in libpq; `system` for those of the machine. */
  readonly sslrootcert?: string;
}

/** Ways to reach a server by TLS: `verify-*` ask for a certificate that this machine trusts. */
export type SslMode = 'disable' | 'require' | 'verify-ca' | 'verify-full';

/** A database of a server that the guard runs itself, thrown away with it. */
export interface ScratchDatabase extends AsyncDisposable {
  readonly address: Address;
}

/**
 * A real server that belongs to this run alone, with nothing in it but what the run brings. Disposing it leaves neither a
 * process nor a file.
 */
export interface ScratchServer extends AsyncDisposable {
  readonly engine: ServerEngine;
  /** `18.4`. */
  readonly version: string;
  /** `180004`. */
  readonly version_num: number;
  /** Folder with `psql`, `pg_dump` and `pg_restore` of this version or a newer one; undefined where there are none. */
  readonly client_programs: string | undefined;
  /** An empty database, or a copy of one that nobody is connected to. */
  create(options?: { readonly template?: ScratchDatabase }): Promise<ScratchDatabase>;
  /** Ends the server as a crash would (SIGKILL to every process of it). */
  crash(): Promise<void>;
  /** Starts it again after a crash and waits until it has recovered. */
  recover(): Promise<void>;
}

/** What a server in a cluster is started with. */
export interface ClusterStart {
  /** Name of the cluster, with or without the prefix. */
  readonly cluster: string;
  /** `15` or `15.14`, where it must be that; what the cluster has when absent. */
  readonly version?: string | undefined;
  readonly signal: AbortSignal;
  readonly progress?: Progress | undefined;
}

/** Starts a server in a cluster. Handed in by whoever has what that takes: this layer knows no clusters. */
export type StartInCluster = (options: ClusterStart) => Promise<ScratchServer>;
