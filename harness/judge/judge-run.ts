import type { Expectation } from '#harness/core/expectation.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeAlert } from './alert.ts';
import { judgeArgoRollout } from './argo.ts';
import { judgeDependency } from './dependency.ts';
import { judgeDelivery } from './delivery.ts';
import { judgeRollout } from './flagger.ts';
import { judgeMessages } from './messages.ts';
import { judgeMigration } from './migration.ts';
import { judgeRecovery } from './recovery.ts';
import { judgeRoutes } from './routes.ts';
import { judgeDatabaseLoss } from './database-loss.ts';
import { judgeDashboard } from './dashboard.ts';
import { judgeService } from './service.ts';
import { judgeSight } from './sight.ts';
import { judgeSplit } from './split.ts';
import { judgeVersions } from './versions.ts';

const JUDGES: Readonly<Record<Expectation['of'], (timeline: Timeline) => Verdict>> = {
  delivery: judgeDelivery,
  service: judgeService,
  'database-loss': judgeDatabaseLoss,
  split: judgeSplit,
  routes: judgeRoutes,
  alert: judgeAlert,
  sight: judgeSight,
  messages: judgeMessages,
  dashboard: judgeDashboard,
  versions: judgeVersions,
  recovery: judgeRecovery,
  migration: judgeMigration,
  dependency: judgeDependency,
};

/** Applies today's rules to a recorded run, by what its scenario declared. */
export function judgeRun(timeline: Timeline): Verdict {
  const [expected] = timeline.of('harness', 'expectation');
  const judge = expected ? JUDGES[expected.data.of] : undefined;
  const [spec] = timeline.of('harness', 'spec');
  const rollout = spec?.data.controller === 'argo-rollouts' ? judgeArgoRollout : judgeRollout;
  return (judge ?? rollout)(timeline);
}
