import { type IncomingHttpHeaders, request } from 'node:http';
import type { ShopAddress } from './shop-orders.ts';

/** What a client is answered. */
export interface ShopAnswer {
  /** 0 when there was none. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const TIMEOUT_MS = 10_000;
const NONE: ShopAnswer = { status: 0, headers: {}, body: '' };

/** Asks the shop by way of the gateway, as any client does; never throws. */
export async function askShop(
  { port, host }: ShopAddress,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body?: string },
): Promise<ShopAnswer> {
  const { promise, resolve } = Promise.withResolvers<ShopAnswer>();
  const none = (): void => resolve(NONE);
  const asked = request(
    {
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      headers: { host, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', none);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    },
  );
  asked.on('error', none);
  asked.end(body);
  return await promise;
}
