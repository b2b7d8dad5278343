/** What a server answered to a statement that it refused, fit for a report: contents of rows are taken out of it. */
import type { Refusal } from '#harness/core/guard/load-facts.ts';
import { messageOf } from '#harness/core/errors.ts';

/** What an error of the driver holds that came from the server. */
export interface ServerAnswer {
  /** SQLSTATE. */
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly detail?: string;
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** The server's answer in anything thrown by the driver; undefined when the server did not answer at all. */
export function answerOf(thrown: unknown): ServerAnswer | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('severity' in thrown)) return undefined;
  const { code, severity } = thrown;
  if (typeof code !== 'string' || !SQLSTATE.test(code) || typeof severity !== 'string') return undefined;
  const detail = 'detail' in thrown && typeof thrown.detail === 'string' ? { detail: thrown.detail } : {};
  return { code, severity, message: messageOf(thrown), ...detail };
}

/** Class of errors whose message quotes the value that did not fit. */
const DATA_EXCEPTION = '22';
/** Classes of errors whose detail holds rows. */
const HOLDS_ROWS: readonly string[] = [DATA_EXCEPTION, '23', '44'];

const QUOTED = /"[^"]*"|«[^»]*»|„[^“]*“/gs;
const KEY =
  /^Key \((?<columns>.*?)\)=\(.*\) (?<what>already exists|is duplicated|is not present in table "[^"]*"|is still referenced from table "[^"]*")\.$/s;
const CONFLICT = /^Key \((?<columns>.*?)\)=\(.*\) conflicts with (?<other>existing )?key .*\.$/s;
const FAILING = /^Failing row contains \(.*\)\.$/s;

/** The message of an answer without the value that it quotes. */
export function withoutValues({ code, message }: Pick<ServerAnswer, 'code' | 'message'>): string {
  return code.startsWith(DATA_EXCEPTION) ? message.replaceAll(QUOTED, '(a value)') : message;
}

/** The detail of an answer without values of rows; undefined when it cannot be told which words are values. */
export function detailWithoutValues({
  code,
  detail,
}: Pick<ServerAnswer, 'code' | 'detail'>): string | undefined {
  if (detail === undefined || !HOLDS_ROWS.some((holding) => code.startsWith(holding))) return detail;
  const key = KEY.exec(detail)?.groups;
  if (key) return `Key (${key['columns']}) ${key['what']}.`;
  const conflict = CONFLICT.exec(detail)?.groups;
  if (conflict) return `Key (${conflict['columns']}) conflicts with ${conflict['other'] ?? ''}key.`;
  return FAILING.test(detail) ? 'Failing row is not shown.' : undefined;
}

/** The refusal of a statement as it is reported. */
export function refusalOf(index: number, answer: ServerAnswer): Refusal {
  const detail = detailWithoutValues(answer);
  return {
    index,
    code: answer.code,
    message: withoutValues(answer),
    ...(detail === undefined ? {} : { detail }),
  };
}
