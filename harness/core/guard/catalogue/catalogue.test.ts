import { expect, test } from 'vitest';
import { CATALOGUE, catalogueEntry } from './catalogue.ts';
import { CHECK_IDS, GROUND_IDS } from './ids.ts';
import { MEASURED_BY, measuredBy } from './linter-rules.ts';

test('every check and ground is explained in whole sentences', () => {
  expect(Object.keys(CATALOGUE).toSorted()).toEqual([...CHECK_IDS, ...GROUND_IDS].toSorted());
  for (const entry of Object.values(CATALOGUE)) {
    for (const text of [entry.measured, entry.why, entry.judged, entry.safer])
      expect(text).toMatch(/^[A-Z`][\s\S]*\.$/);
  }
});

test('sources that are named by address are those of the manual or of their author', () => {
  const urls = Object.values(CATALOGUE).flatMap(({ sources }) => sources.flatMap(({ url }) => url ?? []));
  expect(urls.length).toBeGreaterThan(20);
  for (const url of urls)
    expect(url).toMatch(
      /^https:\/\/(www\.postgresql\.org\/docs\/current\/|martinfowler\.com\/|squawkhq\.com\/)/,
    );
});

test('an unknown check has no entry', () => {
  expect(catalogueEntry('rows-lost')).toBeUndefined();
  expect(catalogueEntry('rows-kept')?.title).toBe('rows are kept');
});

test('rules of the linter name checks that are there, and rules of taste none', () => {
  for (const checks of Object.values(MEASURED_BY)) {
    expect(checks.length).toBeGreaterThan(0);
    for (const check of checks) expect(CHECK_IDS).toContain(check);
  }
  expect(measuredBy('prefer-text-field')).toEqual([]);
});
