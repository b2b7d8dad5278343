import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeOfRefusal } from './refusal.ts';

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: shop
          ports:
            - name: http
              containerPort: 70000
`;

const TWO = `apiVersion: v1
kind: Service
metadata:
  name: shop
---
${DEPLOYMENT}`;

const INVALID =
  'Deployment/shop-1/shop dry-run failed (Invalid): Deployment.apps "shop" is invalid: spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive';

describe('the place of a refusal', () => {
  test('is the line of the field that the server names', () => {
    expect(
      placeOfRefusal(INVALID, { 'a.yaml': 'kind: Service\n', 'apps/shop/deployment.yaml': DEPLOYMENT }),
    ).toEqual({
      file: 'apps/shop/deployment.yaml',
      line: 13,
    });
  });

  test('counts from the start of the file, not of the document', () => {
    expect(placeOfRefusal(INVALID, { 'all.yaml': TWO })).toEqual({ file: 'all.yaml', line: 18 });
  });

  test('is the object where no field is named', () => {
    const message = 'Deployment/shop-1/shop dry-run failed (Forbidden): deployments.apps is forbidden';
    expect(placeOfRefusal(message, { 'd.yaml': DEPLOYMENT })).toEqual({ file: 'd.yaml', line: 2 });
  });

  test('is what the server calls unknown', () => {
    const message =
      'Deployment/shop-1/shop dry-run failed: failed to create typed patch object (shop-1/shop; apps/v1, Kind=Deployment): .spec.replicas: expected numeric (int or float), got string';
    expect(placeOfRefusal(message, { 'd.yaml': DEPLOYMENT })).toEqual({ file: 'd.yaml', line: 6 });
  });

  test('of a chart is the template that Helm names', () => {
    const message =
      'Helm upgrade failed for release here/shop with chart shop@0.1.0: template: shop/templates/deployment.yaml:7:11: executing "shop" at <include>: error';
    expect(placeOfRefusal(message, { 'charts/shop/templates/deployment.yaml': DEPLOYMENT })).toEqual({
      file: 'charts/shop/templates/deployment.yaml',
      line: 7,
    });
  });

  test('of a chart that renders is the line of the template', () => {
    const message =
      'cannot patch "shop" with kind Deployment: Deployment.apps "shop" is invalid: spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 70000';
    const template = DEPLOYMENT.replace('replicas: 2', 'replicas: {{ .Values.replicas }}');
    expect(placeOfRefusal(message, { 'charts/shop/templates/d.yaml': template })?.line).toBe(13);
  });

  test('is unknown for words about something that is not there', () => {
    expect(
      placeOfRefusal('Canary.flagger.app "shop" is invalid: spec: Required value', { 'd.yaml': DEPLOYMENT }),
    ).toBeUndefined();
    expect(placeOfRefusal('it did not work', { 'd.yaml': DEPLOYMENT })).toBeUndefined();
  });

  test('never leads outside the files, whatever is said', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (message, text) => {
        const place = placeOfRefusal(`Deployment.apps "shop" is invalid: ${message}`, {
          a: text,
          'd.yaml': DEPLOYMENT,
        });
        const lines = (place?.file === 'a' ? text : DEPLOYMENT).split('\n').length;
        const line = place?.line ?? 1;
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines);
      }),
    );
  });
});
