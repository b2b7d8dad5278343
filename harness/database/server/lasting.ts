import type { Client } from 'pg';

/**
 * A connection that is opened when it is needed and kept for the next time; one that has ended meanwhile, as by a crash of the
 * server, is opened again. Opening one costs the server some milliseconds, and its first statements some more.
 */
export class LastingClient implements AsyncDisposable {
  readonly #open: () => Promise<Client>;
  #opened: Promise<Client> | undefined;

  constructor(open: () => Promise<Client>) {
    this.#open = open;
  }

  /** @throws UnfitError when the database lets nobody in */
  async get(): Promise<Client> {
    return await (this.#opened ??= this.#begin());
  }

  async #begin(): Promise<Client> {
    const forget = (): void => {
      this.#opened = undefined;
    };
    try {
      const client = await this.#open();
      client.once('end', forget);
      return client;
    } catch (error) {
      forget();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = await this.#opened?.catch(() => undefined);
    await client?.end().catch(() => undefined);
  }
}
