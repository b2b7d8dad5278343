/** Reads the requests of a release that serves HTTP. */
import { readFile } from 'node:fs/promises';
import { messageOf, type Position, UsageError } from '#harness/core/errors.ts';
import { nearest } from '#harness/core/nearest.ts';
import { type Comment, readDirectives } from './directives.ts';
import type { HttpRequest } from './types.ts';

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const REQUEST = /^(?<method>[A-Za-z]+)\s+(?<path>\S+)(?:\s+HTTP\/[\d.]+)?\s*$/;
const HEADER = /^(?<name>[\w-]+)\s*:\s*(?<value>.*?)\s*$/;
const COMMENT = /^\s*(?:#|\/\/)/;
const SEPARATOR = /^###/;
/** What stands for a parameter. */
export const USE = /\{\{\s*(?<name>[A-Za-z_]\w*)\s*\}\}/g;

interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** The lines of each request, without the line of `###` before it, whose words become a comment. */
function blocksOf(text: string): readonly (readonly Line[])[] {
  const blocks: Line[][] = [[]];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (SEPARATOR.test(line)) blocks.push([]);
    blocks.at(-1)?.push({ text: line, number: index + 1 });
  }
  return blocks.filter((lines) => lines.some(({ text: line }) => line.trim() !== '' && !COMMENT.test(line)));
}

/** A name that stands behind `###` counts as `name: NAME`; more words than one are a remark. */
function commentOf(file: string, { text, number }: Line): Comment {
  const named = /^###\s*(?<name>[A-Za-z_][\w.-]*)\s*$/.exec(text)?.groups?.['name'];
  if (named !== undefined) {
    return { text: `name: ${named}`, position: { file, line: number, column: 1 } };
  }
  const inner = text.replace(/^\s*(?:#+|\/\/)/, '');
  return { text: inner, position: { file, line: number, column: text.length - inner.length + 1 } };
}

interface RequestLine {
  readonly method: string;
  readonly path: string;
}

function requestLine(text: string, position: Position): RequestLine {
  const { method = '', path = '' } = REQUEST.exec(text)?.groups ?? {};
  const known = METHODS.find((one) => one === method.toUpperCase());
  if (known === undefined) {
    const [near] = nearest(method.toUpperCase(), METHODS);
    throw new UsageError(`\`${text.trim()}\` is no request`, {
      position,
      next:
        near === undefined ? 'Write a method and a path: `GET /users/{{id}}`.' : `Did you mean \`${near}\`?`,
    });
  }
  if (!path.startsWith('/')) {
    throw new UsageError(`\`${path}\` is no path`, {
      position,
      next: 'Write what comes after the host, from its slash on: the port is chosen when the release is started.',
    });
  }
  return { method: known, path };
}

function headersOf(file: string, lines: readonly Line[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map(({ text, number }) => {
      const { name, value } = HEADER.exec(text)?.groups ?? {};
      if (name === undefined || value === undefined) {
        throw new UsageError(`\`${text.trim()}\` is no header`, {
          position: { file, line: number, column: 1 },
          next: 'Write `Name: value`; an empty line stands before the body.',
        });
      }
      return [name.toLowerCase(), value];
    }),
  );
}

function checkUses(request: HttpRequest, position: Position): void {
  const { path, headers, body = '', parameters } = request;
  const text = [path, ...Object.values(headers), body].join('\n');
  const used = [...text.matchAll(USE)].map(({ groups }) => groups?.['name'] ?? '');
  const unknown = used.find((name) => !parameters.some((parameter) => parameter.name === name));
  if (unknown !== undefined) {
    throw new UsageError(`nothing says how {{${unknown}}} is drawn`, {
      position,
      next: `Write \`# param ${unknown}: HOW\` before the request, for example \`int 1..1000\`.`,
    });
  }
  const idle = parameters.find(({ name }) => !used.includes(name));
  if (idle) throw new UsageError(`the parameter {{${idle.name}}} is drawn and never used`, { position });
}

function requestOf(file: string, lines: readonly Line[], index: number): HttpRequest {
  const first = lines.findIndex(({ text }) => text.trim() !== '' && !COMMENT.test(text));
  const begin = lines[first] ?? { text: '', number: 1 };
  const position = { file, line: begin.number, column: 1 };
  const comments = lines.slice(0, first).filter(({ text }) => COMMENT.test(text));
  const said = readDirectives(comments.map((line) => commentOf(file, line)));
  const rest = lines.slice(first + 1);
  const gap = rest.findIndex(({ text }) => text.trim() === '');
  const headers = headersOf(file, gap === -1 ? rest : rest.slice(0, gap));
  const body = (gap === -1 ? [] : rest.slice(gap))
    .map(({ text }) => text)
    .join('\n')
    .trim();
  const request: HttpRequest = {
    name: said.name ?? `request_${index + 1}`,
    ...requestLine(begin.text, position),
    headers,
    ...(body === '' ? {} : { body }),
    weight: said.weight ?? 1,
    parameters: said.parameters,
  };
  checkUses(request, position);
  return request;
}

/**
 * Reads the requests of a release from a file of the form that editors know as `.http`, with the same comments as a file of
 * statements (`readSqlRelease` tells them all); `{{name}}` stands for a parameter:
 *
 * ```http
 * ### find_user
 * # weight: 5
 * # param id: sample users.id
 * GET /users/{{id}}
 *
 * ### place_order
 * # param user: sample users.id
 * POST /orders
 * content-type: application/json
 *
 * {"user": {{user}}}
 * ```
 *
 * @param text of the file; read from the path when absent
 * @throws UsageError with file, line and column
 */
export async function readHttpRequests(path: string, text?: string): Promise<readonly HttpRequest[]> {
  const source = text ?? (await readRequests(path));
  const requests = blocksOf(source).map((lines, index) => requestOf(path, lines, index));
  if (requests.length === 0) {
    throw new UsageError('there is no request in it: a release that is asked nothing shows nothing', {
      position: { file: path, line: 1, column: 1 },
    });
  }
  const twice = requests.find(({ name }, index) => requests.findIndex((one) => one.name === name) !== index);
  if (twice) throw new UsageError(`${path}: two requests are called ${twice.name}`);
  const total = requests.reduce((sum, { weight }) => sum + weight, 0);
  return requests.map((request) => ({ ...request, weight: request.weight / total }));
}

async function readRequests(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`the requests of a release cannot be read from ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  });
}
