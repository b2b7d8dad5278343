import { badRelease } from './bad-release.ts';
import { missingImage } from './missing-image.ts';
import { configValue } from './config-value.ts';
import { configSyntax } from './config-syntax.ts';
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
import type { Fault } from './fault.ts';
import { networkBandwidth } from './network-bandwidth.ts';
import { networkBlackHole } from './network-black-hole.ts';
import { networkHalfOpen } from './network-half-open.ts';
import { networkJitter } from './network-jitter.ts';
import { networkLatency } from './network-latency.ts';
import { networkReset } from './network-reset.ts';
import { podKill } from './pod-kill.ts';

/** Every fault by its file, in the order in which they are listed. */
export const FAULTS: readonly Fault[] = [
  badRelease,
  missingImage,
  configValue,
  configSyntax,
  configMissingKey,
  configShared,
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
];
