import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerOf, detailWithoutValues, refusalOf } from './apply-refusal.ts';

/** A value that no name or wording could hold by chance. */
const value = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `§${text}§`);

test('no detail of a refused row shows its values', () => {
  fc.assert(
    fc.property(
      value,
      value,
      fc.constantFrom('22P02', '23505', '23502', '23503', '23P01', '44000'),
      (one, two, code) => {
        const details = [
          `Key (email, lower(name))=(${one}, ${two}) already exists.`,
          `Key (email)=(${one}) is duplicated.`,
          `Key (user_id)=(${one}) is not present in table "users".`,
          `Key (id)=(${one}) is still referenced from table "orders".`,
          `Key (room)=(${one}) conflicts with existing key (room)=(${two}).`,
          `Failing row contains (${one}, ${two}).`,
          `Der Schlüssel (email)=(${one}) existiert bereits.`,
          `Token "${one}" is invalid.`,
        ];
        for (const detail of details) expect(detailWithoutValues({ code, detail }) ?? '').not.toContain('§');
      },
    ),
  );
});

test('a detail that names objects stays whole', () => {
  const detail = 'view v depends on column name of table users';
  expect(detailWithoutValues({ code: '2BP01', detail })).toBe(detail);
});

test('the message keeps the names of constraints, and loses a quoted value', () => {
  const unique = { code: '23505', severity: 'ERROR', message: 'could not create unique index "users_name"' };
  expect(refusalOf(3, unique)).toEqual({ index: 3, code: '23505', message: unique.message });
  const range = {
    code: '22003',
    severity: 'ERROR',
    message: 'value "9999999999" is out of range for type integer',
  };
  expect(refusalOf(0, range).message).toBe('value (a value) is out of range for type integer');
});

test('an error of the network is no answer of the server', () => {
  expect(answerOf(Object.assign(new Error('read'), { code: 'ECONNRESET' }))).toBeUndefined();
  expect(answerOf(new Error('Connection terminated unexpectedly'))).toBeUndefined();
  expect(answerOf(Object.assign(new Error('no'), { code: '55P03', severity: 'ERROR' }))).toMatchObject({
    code: '55P03',
  });
});
