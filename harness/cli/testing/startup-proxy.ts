/** Stands before a PostgreSQL server: hears what each connection asks for when it begins, and can stop the server's answers midway. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Protocol 3.0. Source: PostgreSQL's documentation, "Message Formats", StartupMessage. */
const STARTUP = 196_608;
/** SSLRequest and GSSENCRequest, which the server answers by a byte. */
const REQUESTS = new Set([80_877_103, 80_877_104]);
const HEAD_BYTES = 8;

/** What a connection has asked for. */
export interface Connection {
  /** Port that the server sees it come from. */
  readonly port: number;
  /** Parameters of the session: `user`, `database`, `options` and the like. */
  readonly parameters: Readonly<Record<string, string>>;
}

function parametersIn(message: Buffer): Readonly<Record<string, string>> {
  const words = message.toString('utf8').split('\0');
  const found: Record<string, string> = {};
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [name = '', value = ''] = words.slice(at, at + 2);
    if (name !== '') found[name] = value;
  }
  return found;
}

/** The parameters at the beginning of what a client has sent; undefined as long as they are not all there. */
function startupIn(sent: Buffer): Readonly<Record<string, string>> | undefined {
  let at = 0;
  while (sent.length >= at + HEAD_BYTES) {
    const bytes = sent.readInt32BE(at);
    const code = sent.readInt32BE(at + 4);
    if (code === STARTUP)
      return sent.length < at + bytes ? undefined : parametersIn(sent.subarray(at + HEAD_BYTES, at + bytes));
    if (!REQUESTS.has(code)) return {};
    at += bytes;
  }
  return undefined;
}

export class StartupProxy implements AsyncDisposable {
  readonly connections: Connection[] = [];
  readonly #listening: Server;
  readonly #sockets = new Set<Socket>();
  #stall_bytes = Infinity;
  #stalled = Promise.withResolvers<void>();

  private constructor(to_port: number) {
    this.#listening = createServer((client) => {
      this.#lead(client, to_port);
    });
  }

  static async before(to_port: number): Promise<StartupProxy> {
    const proxy = new StartupProxy(to_port);
    proxy.#listening.listen(0, '127.0.0.1');
    await once(proxy.#listening, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#listening.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Stops the answers on each connection once so many bytes have come. @returns a promise that comes true when one has stopped */
  stallAfter(bytes: number): Promise<void> {
    this.#stall_bytes = bytes;
    this.#stalled = Promise.withResolvers<void>();
    return this.#stalled.promise;
  }

  /** Lets all answers through again. */
  flow(): void {
    this.#stall_bytes = Infinity;
    for (const socket of this.#sockets) socket.resume();
  }

  #lead(client: Socket, to_port: number): void {
    const server = connect(to_port, '127.0.0.1');
    let sent = Buffer.alloc(0);
    let is_heard = false;
    let answered_bytes = 0;
    const ends = [client, server];
    for (const [one, other] of [ends, ends.toReversed()]) {
      if (!one || !other) continue;
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    client.on('data', (data) => {
      if (!is_heard) {
        sent = Buffer.concat([sent, data]);
        const parameters = startupIn(sent);
        if (parameters) {
          is_heard = true;
          this.connections.push({ port: server.localPort ?? 0, parameters });
        }
      }
      server.write(data);
    });
    server.on('data', (data) => {
      answered_bytes += data.length;
      if (answered_bytes < this.#stall_bytes) {
        client.write(data);
        return;
      }
      // It comes again once answers flow: whoever got it might be done.
      server.pause();
      server.unshift(data);
      this.#stalled.resolve();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#listening.close();
    await once(this.#listening, 'close');
  }
}
