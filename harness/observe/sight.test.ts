import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selectorsIn, sightOf } from './sight.ts';

/** As Prometheus' parser answers for `sum(rate(http_requests_total{app="shop", code=~"5.."}[10s])) or vector(0)`. */
const TREE = {
  type: 'binaryExpr',
  op: 'or',
  lhs: {
    type: 'aggregation',
    expr: {
      type: 'call',
      args: [
        {
          type: 'matrixSelector',
          name: 'http_requests_total',
          matchers: [
            { name: 'app', type: '=', value: 'shop' },
            { name: 'code', type: '=~', value: '5..' },
            { name: '__name__', type: '=', value: 'http_requests_total' },
          ],
        },
      ],
    },
  },
  rhs: { type: 'call', args: [{ type: 'numberLiteral', val: '0' }] },
};

const asked: URL[] = [];
let series: object[] = [];
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '', 'http://127.0.0.1');
  asked.push(url);
  const data = url.pathname.endsWith('parse_query')
    ? TREE
    : url.pathname.endsWith('labels')
      ? ['app', 'instance', 'job', 'namespace', 'pod']
      : series;
  response.end(JSON.stringify({ status: 'success', data }));
});
let port = 0;

beforeAll(async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
});
afterAll(() => {
  server.close();
});

const STAND_IN = { label: 'app', canary: 'shop', stable: 'shop-primary' } as const;

describe('selectorsIn', () => {
  test('finds the selectors of a query, wherever they stand', () => {
    const [first, ...others] = selectorsIn(TREE);
    expect(others).toEqual([]);
    expect(first?.map(({ name }) => name)).toEqual(['app', 'code', '__name__']);
  });

  test('finds none in a constant', () => {
    expect(selectorsIn(TREE.rhs)).toEqual([]);
  });
});

describe('sightOf', () => {
  test("asks for the pods that stand in for the canary, by the target's labels alone", async () => {
    series = [{ __name__: 'http_requests_total', app: 'shop-primary', code: '200' }];
    const sight = await sightOf(port, 'any', STAND_IN);
    expect(sight.selectors).toEqual([
      { selector: 'http_requests_total{app="shop-primary"}', series: 1, missing_labels: [] },
    ]);
    expect(sight.stands_in).toBe('app="shop-primary"');
    expect(asked.at(-1)?.searchParams.get('match[]')).toBe('http_requests_total{app="shop-primary"}');
  });

  test('names a label that no series has', async () => {
    series = [{ __name__: 'http_requests_total', app: 'shop-primary', status: '200' }];
    const { selectors } = await sightOf(port, 'any', STAND_IN);
    expect(selectors[0]).toMatchObject({ series: 1, missing_labels: ['code'] });
  });

  test('says that there are no series at all', async () => {
    series = [];
    const { selectors } = await sightOf(port, 'any', STAND_IN);
    expect(selectors[0]).toMatchObject({ series: 0, missing_labels: [] });
  });
});
