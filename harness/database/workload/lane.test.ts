import { describe, expect, test } from 'vitest';
import { type Carrier, Lane, type Work } from './lane.ts';
import { type Failure, Stretch } from './stretch.ts';

/** A connection whose answers the test gives. */
class HeldCarrier implements Carrier {
  readonly carried: Work[] = [];
  #release: PromiseWithResolvers<void> | undefined;

  async carry(work: Work): Promise<void> {
    this.carried.push(work);
    this.#release = Promise.withResolvers();
    await this.#release.promise;
    work.done(undefined);
  }

  async answer(): Promise<void> {
    this.#release?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

describe('a lane', () => {
  test('begins work in the order in which it was due, as connections become free', async () => {
    const carriers = [new HeldCarrier(), new HeldCarrier()];
    await using lane = new Lane(carriers, () => 0);
    const begun: number[] = [];
    const submit = (item: number): void => {
      lane.submit({ item, due_ms: item, begun: () => begun.push(item), done: () => undefined });
    };
    for (let item = 0; item < 5; item += 1) submit(item);
    expect(begun).toEqual([0, 1]);
    await carriers[0]?.answer();
    expect(begun).toEqual([0, 1, 2]);
    await carriers[1]?.answer();
    await carriers[1]?.answer();
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  test('gives up what waited 10 s for a connection, and never begins it', async () => {
    const carrier = new HeldCarrier();
    let now_ms = 0;
    await using lane = new Lane([carrier], () => now_ms);
    const failures: (Failure | undefined)[] = [];
    let begun = 0;
    const submit = (due_ms: number): void => {
      now_ms = due_ms;
      lane.submit({ item: 0, due_ms, begun: () => (begun += 1), done: (failure) => failures.push(failure) });
    };
    for (const due_ms of [0, 1, 9_000, 10_002]) submit(due_ms);
    expect(failures.map((failure) => failure?.code)).toEqual(['no connection']);
    for (let answers = 0; answers < 3; answers += 1) await carrier.answer();
    expect(begun).toBe(3);
    expect(failures).toHaveLength(4);
  });

  test('gives up what waited 10 s also where nothing becomes due any more', async () => {
    const carrier = new HeldCarrier();
    let now_ms = 0;
    await using lane = new Lane([carrier], () => now_ms);
    const failures: (Failure | undefined)[] = [];
    for (let item = 0; item < 3; item += 1)
      lane.submit({ item, due_ms: 0, begun: () => undefined, done: (failure) => failures.push(failure) });
    now_ms = 10_001;
    await carrier.answer();
    expect(failures.map((failure) => failure?.code)).toEqual([undefined, 'no connection', 'no connection']);
    expect(carrier.carried).toHaveLength(1);
    await lane.caughtUp();
  });

  test('has caught up once nothing waits, even while something is under way', async () => {
    const carrier = new HeldCarrier();
    await using lane = new Lane([carrier], () => 0);
    await lane.caughtUp();
    const submit = (): void => {
      lane.submit({ item: 0, due_ms: 0, begun: () => undefined, done: () => undefined });
    };
    submit();
    await lane.caughtUp();
    submit();
    submit();
    let is_caught_up = false;
    void lane.caughtUp().then(() => (is_caught_up = true));
    for (const expected of [false, false, true]) {
      await carrier.answer();
      expect(is_caught_up).toBe(expected);
    }
  });

  test('keeps order and count through a long queue', async () => {
    const carrier = new HeldCarrier();
    await using lane = new Lane([carrier], () => 0);
    const done: number[] = [];
    for (let item = 0; item < 5_000; item += 1) {
      lane.submit({ item, due_ms: 0, begun: () => undefined, done: () => done.push(item) });
    }
    for (let item = 0; item < 5_000; item += 1) await carrier.answer();
    expect(done).toEqual(Array.from({ length: 5_000 }, (_, item) => item));
  });
});

describe('a stretch', () => {
  const items = [
    { name: 'find', reads_only: true },
    { name: 'add', reads_only: false },
  ];
  const as = { side: 'old', moment: 'during', rate_per_s: 300 } as const;

  test('is told once all that was due in it is answered', async () => {
    const stretch = new Stretch(items, 1_000);
    let is_drained = false;
    stretch.due(3);
    stretch.due(0.5);
    stretch.begun(0);
    stretch.begun(1);
    stretch.answered(0, 2, undefined);
    stretch.end(3_500);
    void stretch.drained.then(() => (is_drained = true));
    await Promise.resolve();
    expect(is_drained).toBe(false);
    stretch.answered(1, 700, { code: '23505', message: 'twice' });
    await stretch.drained;
    expect(stretch.facts(as)).toEqual({
      ...as,
      due: 2,
      begun: 2,
      good: 1,
      failed: 1,
      duration_s: 2.5,
      late_max_ms: 3,
      latency_p50_ms: expect.closeTo(2, 0),
      latency_p99_ms: 700,
      latency_max_ms: 700,
      errors: [{ code: '23505', message: 'twice', count: 1 }],
      by_statement: [
        { name: 'find', reads_only: true, begun: 1, failed: 0, latency_max_ms: 2 },
        { name: 'add', reads_only: false, begun: 1, failed: 1, latency_max_ms: 700 },
      ],
    });
  });

  test('puts the most frequent error first', () => {
    const stretch = new Stretch(items, 0);
    for (const code of ['A', 'B', 'B']) {
      stretch.due(0);
      stretch.answered(0, 1, { code, message: code });
    }
    expect(stretch.facts(as).errors.map(({ code, count }) => [code, count])).toEqual([
      ['B', 2],
      ['A', 1],
    ]);
  });

  test('of nothing is empty, and is told at once', async () => {
    const stretch = new Stretch(items, 0);
    stretch.end(100);
    await stretch.drained;
    expect(stretch.facts(as)).toMatchObject({ due: 0, good: 0, latency_p99_ms: 0, errors: [] });
  });
});
