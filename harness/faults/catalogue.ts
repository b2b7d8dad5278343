import { badRelease } from './bad-release.ts';
import { missingImage } from './missing-image.ts';
import { configValue } from './config-value.ts';
import { configSyntax } from './config-syntax.ts';
import { configCommit } from './config-commit.ts';
import { configMissingKey } from './config-missing-key.ts';
import { configShared } from './config-shared.ts';
import { secretCorrupt } from './secret-corrupt.ts';
import { secretRotate } from './secret-rotate.ts';
import { containerKill } from './container-kill.ts';
import { containerStop } from './container-stop.ts';
import { databaseConnectionLimit } from './database-connection-limit.ts';
import { databaseErrors } from './database-errors.ts';
import { databaseLock } from './database-lock.ts';
import { databaseReadOnly } from './database-read-only.ts';
import { databaseRestart } from './database-restart.ts';
import { cpuPressure } from './cpu-pressure.ts';
import { dnsDown } from './dns-down.ts';
import { dnsName } from './dns-name.ts';
import { memoryPressure } from './memory-pressure.ts';
import { networkPartition } from './network-partition.ts';
import { nodeDrain } from './node-drain.ts';
import { nodePause } from './node-pause.ts';
import { podEvict } from './pod-evict.ts';
import { gatewayAbort } from './gateway-abort.ts';
import { gatewayDelay } from './gateway-delay.ts';
import { gatewayClosed } from './gateway-closed.ts';
import { gatewayReadOnly } from './gateway-read-only.ts';
import type { Fault } from './fault.ts';
import { networkBandwidth } from './network-bandwidth.ts';
import { networkBlackHole } from './network-black-hole.ts';
import { networkHalfOpen } from './network-half-open.ts';
import { networkJitter } from './network-jitter.ts';
import { networkLatency } from './network-latency.ts';
import { networkReset } from './network-reset.ts';
import { podKill } from './pod-kill.ts';
import { prometheusDown } from './prometheus-down.ts';
import { prometheusSlow } from './prometheus-slow.ts';
import { prometheusLies } from './prometheus-lies.ts';
import { controllerKilled } from './controller-killed.ts';
import { apiServerRestarted } from './api-server-restarted.ts';
import { apiServerSlow } from './api-server-slow.ts';
import { apiServerThrottled } from './api-server-throttled.ts';
import { fluxSourceUnavailable } from './flux-source-unavailable.ts';
import { fluxControllerKilled } from './flux-controller-killed.ts';
import { gatewayRestarted } from './gateway-restarted.ts';
import { alertmanagerDown } from './alertmanager-down.ts';
import { chatDown } from './chat-down.ts';
import { chatSlow } from './chat-slow.ts';
import { chatRefuses } from './chat-refuses.ts';
import { hpaFights } from './hpa-fights.ts';
import { gitopsReapplies } from './gitops-reapplies.ts';
import { gateClosed } from './gate-closed.ts';
import { gateSlow } from './gate-slow.ts';
import { gateFailing } from './gate-failing.ts';

/** Every fault by its file, in the order in which they are listed. */
export const FAULTS: readonly Fault[] = [
  badRelease,
  missingImage,
  configValue,
  configSyntax,
  configMissingKey,
  configShared,
  configCommit,
  secretCorrupt,
  secretRotate,
  podKill,
  containerKill,
  containerStop,
  networkLatency,
  networkJitter,
  networkBandwidth,
  networkReset,
  networkHalfOpen,
  networkBlackHole,
  databaseErrors,
  databaseRestart,
  databaseConnectionLimit,
  databaseReadOnly,
  databaseLock,
  networkPartition,
  dnsName,
  dnsDown,
  podEvict,
  nodeDrain,
  nodePause,
  cpuPressure,
  memoryPressure,
  prometheusDown,
  prometheusSlow,
  prometheusLies,
  controllerKilled,
  apiServerRestarted,
  apiServerSlow,
  apiServerThrottled,
  fluxSourceUnavailable,
  fluxControllerKilled,
  gatewayRestarted,
  alertmanagerDown,
  chatDown,
  chatSlow,
  chatRefuses,
  hpaFights,
  gitopsReapplies,
  gateClosed,
  gateSlow,
  gateFailing,
  gatewayDelay,
  gatewayAbort,
  gatewayReadOnly,
  gatewayClosed,
];
