import { type IncomingHttpHeaders, request } from 'node:http';

/** Where the shop is asked. */
export interface ShopAddress {
  /** Of a gateway, on 127.0.0.1. */
  readonly port: number;
  /** Name that the gateway routes by. */
  readonly host: string;
}

/** What a client is answered. */
export interface ShopAnswer {
  /** 0 when there was none. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const TIMEOUT_MS = 10_000;
const NONE: ShopAnswer = { status: 0, headers: {}, body: '' };

/** What is asked of the shop. */
export interface ShopRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

/**
 * Asks the shop by way of the gateway, as any client does. `fetch` does not let its caller choose the Host header.
 * @throws Error when there is no answer
 */
export async function answerOfShop(
  { port, host }: ShopAddress,
  { method, path, body }: ShopRequest,
): Promise<ShopAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ShopAnswer>();
  const asked = request(
    {
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      headers: { host, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    },
  );
  asked.on('error', reject);
  asked.end(body);
  return await promise;
}

/** The same, with a status of 0 where there is no answer; never throws. */
export async function askShop(shop: ShopAddress, asked: ShopRequest): Promise<ShopAnswer> {
  return await answerOfShop(shop, asked).catch(() => NONE);
}
