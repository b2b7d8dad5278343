import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REDACTED, redact, redactText } from './redact.ts';

const PLANTED = 'pl4nt3d-c4n4ry-V4lue';
const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJwbGFudGVkIn0.c2lnbmF0dXJlLXBsYW50ZWQ';

describe('redact', () => {
  test.each([
    ['Secret data', { kind: 'Secret', data: { any: PLANTED }, stringData: { other: PLANTED } }],
    ['password field', { spec: { database: { password: PLANTED } } }],
    ['token field', { auth: { token: PLANTED } }],
    ['numeric password', { password: 4711 }],
    ['environment variable', { env: [{ name: 'DB_PASSWORD', value: PLANTED }] }],
    ['api key', { apiKey: PLANTED, 'api-key': PLANTED }],
    ['client key', { user: { 'client-key-data': PLANTED } }],
    ['authorization header', { headers: { Authorization: `Bearer ${PLANTED}` } }],
    ['annotation with an object inside', { annotations: { last: `{"password":"${PLANTED}"}` } }],
  ])('removes a planted %s', (_, value) => {
    const text = JSON.stringify(redact(value));
    expect(text).not.toContain(PLANTED);
    expect(text).not.toContain('4711');
    expect(text).toContain(REDACTED);
  });

  test('keeps the names of a Secret, so that a reader sees what was there', () => {
    expect(redact({ kind: 'Secret', data: { username: PLANTED } })).toEqual({
      kind: 'Secret',
      data: { username: REDACTED },
    });
  });

  test('leaves what is no secret', () => {
    const value = {
      kind: 'Pod',
      spec: { automountServiceAccountToken: false, volumes: [{ secret: { secretName: 'shop-tls' } }] },
      env: [{ name: 'RELEASE_FILE', value: '/etc/shop/release.yaml' }],
      count: 3,
      nothing: null,
    };
    expect(redact(value)).toEqual(value);
  });

  test('finds a value at any depth', () => {
    const wrap = (inner: unknown, depth: number): unknown =>
      depth === 0 ? inner : { inside: [wrap(inner, depth - 1)] };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), (depth) => {
        expect(JSON.stringify(redact(wrap({ password: PLANTED }, depth)))).not.toContain(PLANTED);
      }),
    );
  });
});

describe('redactText', () => {
  test.each([
    ['assignment', `connecting with password=${PLANTED} to db`],
    ['quoted assignment', `password="${PLANTED} with blanks ${PLANTED}"`],
    ['YAML', `user: shop\n  db_password: ${PLANTED}\nhost: db`],
    ['JSON', `{"level":"info","token":"${PLANTED}"}`],
    ['query', `GET /hook?token=${PLANTED}&channel=rollouts`],
    ['bearer header', `authorization: Bearer ${PLANTED}`],
    ['basic header', `Authorization: Basic ${PLANTED}`],
    ['address with credentials', `postgres://shop:${PLANTED}@db:5432/shop`],
    ['private key', `-----BEGIN RSA PRIVATE KEY-----\n${PLANTED}\n-----END RSA PRIVATE KEY-----`],
  ])('removes a planted value: %s', (_, text) => {
    const result = redactText(text);
    expect(result).not.toContain(PLANTED);
    expect(result).toContain(REDACTED);
  });

  test('removes JSON web tokens anywhere', () => {
    expect(redactText(`mounted ${JWT}.`)).not.toContain(JWT);
  });

  test('leaves ordinary log lines', () => {
    const line = '12:00:01 GET /items/7 200 2ms release=r1 pod=shop-5d7f';
    expect(redactText(line)).toBe(line);
  });

  test('is stable: redacting twice changes nothing more', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const once = redactText(`password=${text}`);
        expect(redactText(once)).toBe(once);
      }),
    );
  });
});
