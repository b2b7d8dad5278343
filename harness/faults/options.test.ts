import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { describeOptions, parseOptions } from './options.ts';

const DESCRIBED = describeOptions(
  v.strictObject({
    labels: v.pipe(v.string(), v.description('which pods')),
    count: v.optional(v.pipe(v.number(), v.minValue(1), v.description('how many'))),
    restart: v.optional(v.boolean(), true),
    names: v.optional(v.array(v.string())),
    mode: v.picklist(['all', 'one']),
  }),
);

describe('describeOptions', () => {
  test('reads name, form and meaning from the schema', () => {
    expect(DESCRIBED).toEqual([
      { name: 'labels', takes: 'text', required: true, meaning: 'which pods' },
      { name: 'count', takes: 'number', required: false, meaning: 'how many' },
      { name: 'restart', takes: 'true or false', required: false, meaning: '' },
      { name: 'names', takes: 'list', required: false, meaning: '' },
      { name: 'mode', takes: 'all, one', required: true, meaning: '' },
    ]);
  });
});

function parse(...given: string[]): unknown {
  return parseOptions('pod-kill', DESCRIBED, given);
}

describe('parseOptions', () => {
  test('makes texts what the fault takes; a value may hold an equals sign', () => {
    expect(parse('labels=app=shop', 'count=2', 'restart=false', 'names=a, b', 'mode=one')).toEqual({
      labels: 'app=shop',
      count: 2,
      restart: false,
      names: ['a', 'b'],
      mode: 'one',
    });
  });

  test('leaves what does not fit to the schema', () => {
    expect(parse('count=many', 'restart=perhaps')).toEqual({ count: 'many', restart: 'perhaps' });
  });

  test.each([
    ['lables=x', 'fault pod-kill has no option "lables"'],
    ['labels', 'not of the form key=value'],
  ])('refuses %s', (given, complaint) => {
    expect(() => parse(given)).toThrow(complaint);
  });

  test('refuses one that is given twice', () => {
    expect(() => parse('count=1', 'count=2')).toThrow('--option count is given twice');
  });
});
