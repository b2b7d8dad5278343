import type { DependencyExpectation } from './dependency.ts';
import type { MigrationExpectation } from './migration.ts';
import type { RecoveryExpectation } from './recovery.ts';

/** What a scenario that rolls nothing out declared before it acted: rules compute their limits from it. */
export type Expectation =
  | ServiceExpectation
  | DatabaseLossExpectation
  | AlertExpectation
  | MessagesExpectation
  | SplitExpectation
  | VersionsExpectation
  | DeliveryExpectation
  | RoutesExpectation
  | SightExpectation
  | DashboardExpectation
  | RecoveryExpectation
  | MigrationExpectation
  | DependencyExpectation;

/** A service goes on answering while it is changed. */
export interface ServiceExpectation {
  readonly of: 'service';
  readonly namespace: string;
  readonly app: string;
  /** Names of the acts, each with a phase of its own: `deploy`, `restart`, `scale up`. */
  readonly acts: readonly string[];
  /** Orders that were accepted must still be there at the end. */
  readonly keeps_orders: boolean;
}

/** A shop goes on selling what it can while its database is away, and loses no order that it had accepted. */
export interface DatabaseLossExpectation {
  readonly of: 'database-loss';
  readonly namespace: string;
  readonly app: string;
  /** Subject of the pod that is killed. */
  readonly database: string;
  /** Longest time from the kill to the last order that is refused. */
  readonly back_within_s: number;
}

/** An alert fires when it should, is told once, and resolves. */
export interface AlertExpectation {
  readonly of: 'alert';
  readonly name: string;
  readonly namespace: string;
  /**
   * What the alert watches: the share of bad answers that clients meet, or pods that crash again and again.
   * The clock starts at the first bad answer, or when a container first waits in CrashLoopBackOff.
   */
  readonly cause: 'bad-answers' | 'crash-loop';
  /** For `bad-answers`: the alert's threshold and the share that the release gives by construction, in percent. */
  readonly threshold_pct?: number;
  readonly bad_answers_pct?: number;
  readonly window_s: number;
  readonly for_s: number;
  readonly scrape_interval_s: number;
  readonly evaluation_interval_s: number;
  /** Alertmanager's grouping: how long it collects before the first message, and between two of one group. */
  readonly group_wait_s: number;
  readonly group_interval_s: number;
}

/** One message that a sender owes the chat for one thing that happened. */
export interface ExpectedMessage {
  /** What happened, in the reader's words: `the promotion finished`. */
  readonly event: string;
  readonly sender: string;
  readonly dialect: string;
  /** The object that the message must speak of, as `Kind/namespace/name`. */
  readonly subject: string;
  /** Words that tell this message from others of the same sender about the same object. */
  readonly says: string;
  /** The chat refuses it once, with this status; the sender then tells it again, or it is lost. */
  readonly refused?: { readonly status: number; readonly path: string; readonly outcome: 'told' | 'lost' };
}

/** Each sender's messages reach the chat and are understood, in the order in which things happened. */
export interface MessagesExpectation {
  readonly of: 'messages';
  readonly namespace: string;
  readonly messages: readonly ExpectedMessage[];
}

/** The gateway deals out a host's requests to two releases by declared weights that nobody but the scenario changes. */
export interface SplitExpectation {
  readonly of: 'split';
  readonly namespace: string;
  readonly gateway: string;
  readonly primary_release: string;
  readonly canary_release: string;
  /** The shares of the canary that are declared one after the other, in percent. */
  readonly canary_pct: readonly number[];
  /** An error of this many percentage points must be found ... */
  readonly detect_pp: number;
  /** ... with this probability in each period ... */
  readonly power: number;
  /** ... by a test that accuses a right split with at most this probability over all periods. */
  readonly false_alarm: number;
}

/** One component runs in different versions on clusters that exist at the same time. */
export interface VersionsExpectation {
  readonly of: 'versions';
  readonly component: string;
  /** The version that the lock promises, by cluster. */
  readonly locked: Readonly<Record<string, string>>;
}

/** A commit comes to be what runs, or is refused, through a controller that applies a repository and by nothing else. */
export interface DeliveryExpectation {
  readonly of: 'delivery';
  readonly namespace: string;
  /** Subject of the repository's object, of what applies it, and of the workload that it changes. */
  readonly source: string;
  readonly applier: string;
  readonly workload: string;
  /** Field manager of the controller that applies. */
  readonly manager: string;
  /** Release that the judged commit ships, and the one that serves before. */
  readonly release: string;
  readonly serving: string;
  readonly outcome: 'applied' | 'refused';
  /** How often the repository is asked for new commits, in seconds. */
  readonly source_interval_s: number;
  /** Longest time from a fetched commit to its application, in seconds. */
  readonly apply_s: number;
  /** Longest time from the application to the first pod of the release that is ready, in seconds. */
  readonly start_s: number;
}

/** A rollout controller declares its weights to a gateway in objects of the gateway's own kinds. */
export interface RouteWriter {
  readonly controller: string;
  /** The object that declares the weights, as `Kind/namespace/name`. */
  readonly object: string;
  /** The canary's shares that it must declare one after the other, in percent. */
  readonly canary_pct: readonly number[];
  /** Further objects that the controller must make. */
  readonly also: readonly string[];
}

/** Controllers write the objects of a gateway whose data plane is not there: what they write is right, nothing is served. */
export interface RoutesExpectation {
  readonly of: 'routes';
  readonly namespace: string;
  readonly gateway: string;
  readonly writers: readonly RouteWriter[];
  /** Objects that break the gateway's schemas: the API server must refuse them. */
  readonly refused: readonly string[];
}

/** The controller's check sees what users meet, or is called out for not seeing it. */
export interface SightExpectation {
  readonly of: 'sight';
  readonly namespace: string;
  /** Name of the check that decides. */
  readonly check: string;
}

/** A dashboard shows a rollout: every expression of it has data. */
export interface DashboardExpectation {
  readonly of: 'dashboard';
  readonly namespace: string;
  /** File name under fixtures/dashboards. */
  readonly dashboard: string;
  /** How many expressions it has. */
  readonly expressions: number;
}
