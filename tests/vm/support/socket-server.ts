import { type Server, type Socket, createServer } from 'node:net';

/** A UNIX socket that QEMU connects to once. Listening before QEMU starts, so there is nothing to retry. */
export class SocketServer {
  readonly path: string;
  readonly connection: Promise<Socket>;
  readonly #server: Server;

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
    this.connection = new Promise((resolve) => server.once('connection', resolve));
  }

  static listen(path: string): Promise<SocketServer> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => resolve(new SocketServer(path, server)));
    });
  }

  /** Takes no further connection; the one that there is stays. */
  close(): void {
    this.#server.close();
  }
}
