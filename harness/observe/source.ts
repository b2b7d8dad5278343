import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '#harness/core/errors.ts';
import type { Recorder } from '#harness/core/timeline.ts';

/** Something that is read again and again over HTTP because it offers no watch. */
export interface Source {
  /** Name of the observer in the timeline. */
  readonly name: string;
  /** Reads once and records what is new. Throws when the source cannot be read or is not to be trusted. */
  read(signal: AbortSignal): Promise<void>;
  /** Reads a last time when the observer is closed, so that nothing that came just before is missed. */
  finish?(signal: AbortSignal): Promise<void>;
  /** Pause between two reads; 0 for a source whose read itself waits for news. */
  readonly period_ms: number;
}

/** A source that is silent for this long is lost. */
const LOST_AFTER_MS = 3_000;
const RETRY_MS = 250;
const FINISH_MS = 2_000;

/** JSON from an address on this machine. Throws on any answer but success. */
export async function readJson(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

/** `AbortSignal` that also ends after some time. */
export function within(signal: AbortSignal, timeout_ms: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeout_ms)]);
}

/**
 * Reads a source until the result is closed. The timeline is told when the observer started, when it lost its
 * source, and when it ended. A source that cannot be read at the start is lost at once: what is not seen must make
 * rules inconclusive, so this never throws.
 */
export async function observeSource(source: Source, recorder: Recorder): Promise<AsyncDisposable> {
  const stop = new AbortController();
  let lost = false;
  let contact_ms = Date.now();
  const say = (state: 'started' | 'ended' | 'lost', note?: string): void => {
    recorder.record({
      source: 'harness',
      kind: 'observer',
      subject: source.name,
      data: note === undefined ? { state } : { state, note },
    });
  };
  const read = async (patience_ms: number): Promise<boolean> => {
    try {
      await source.read(stop.signal);
      contact_ms = Date.now();
      if (lost) say('started', 'contact is back');
      lost = false;
      return true;
    } catch (error) {
      if (stop.signal.aborted) return false;
      if (!lost && Date.now() - contact_ms >= patience_ms) {
        lost = true;
        say('lost', messageOf(error));
      }
      return false;
    }
  };
  if (await read(0)) say('started');
  const follow = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const pause_ms = lost ? Math.max(source.period_ms, RETRY_MS) : source.period_ms;
      if (pause_ms > 0) await sleep(pause_ms, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return;
      if (!(await read(LOST_AFTER_MS)) && source.period_ms === 0) {
        await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  };
  const following = follow();
  return {
    async [Symbol.asyncDispose]() {
      if (stop.signal.aborted) return;
      stop.abort();
      await following;
      try {
        await source.finish?.(AbortSignal.timeout(FINISH_MS));
        say('ended');
      } catch (error) {
        say(lost ? 'ended' : 'lost', messageOf(error));
      }
    },
  };
}
