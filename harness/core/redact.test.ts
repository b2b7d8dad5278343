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
    ['address with a raw slash in its password', `mysql://shop:pa/${PLANTED}@db/shop`],
    ['address with signs in its password', `postgres://shop:12/@?#${PLANTED}@db:5432/shop`],
    ['text in a text of SQL', `'host=db password=''${PLANTED}'''`],
    ['doubled quote', `password='it''s ${PLANTED}'`],
    ['escaped quote', String.raw`password=E'a\'${PLANTED}'`],
    ['JSON in JSON', String.raw`"{\"password\":\"a\\\"${PLANTED}\"}"`],
    ['arrow', `password => '${PLANTED}', password := '${PLANTED}'`],
    ['text that is cut off', `password='a ${PLANTED}`],
    ['private key', `-----BEGIN RSA PRIVATE KEY-----\n${PLANTED}\n-----END RSA PRIVATE KEY-----`],
  ])('removes a planted value: %s', (_, text) => {
    const result = redactText(text);
    expect(result).not.toContain(PLANTED);
    expect(result).toContain(REDACTED);
  });

  test('removes JSON web tokens anywhere', () => {
    expect(redactText(`mounted ${JWT}.`)).not.toContain(JWT);
  });

  test.each([
    ['12:00:01 GET /items/7 200 2ms release=r1 pod=shop-5d7f'],
    ['https://registry.example:5000/shop@sha256:0123'],
    ['postgres://db:5432/shop?application_name=mettle'],
  ])('leaves %s', (line) => {
    expect(redactText(line)).toBe(line);
  });

  test('leaves what stands after an empty value', () => {
    expect(redactText(`password='' user=''app''`)).toBe(`password=${REDACTED} user=''app''`);
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
