import { isLoopback } from './network-address.ts';

/** What comes before the servers, the servers, the path, and the options. */
const FORM = /^([a-z+]+):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(\/[^?#]*)?(?:\?([^#]*))?$/;
/** A server as a URL names it: a name or address and perhaps a port, or the percent-encoded path of a socket. */
const SERVER = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+|%2F[A-Za-z0-9._%-]+)(?::[0-9]{1,5})?$/;
/** The schemes that speak TLS without being told so. */
const TLS_SCHEMES: readonly string[] = ['mongodb+srv', 'rediss'];
/** Options whose values are nobody's business. */
const SECRET_OPTION = /password|token|secret/i;

/**
 * The address of one or several servers of a store, which may hold a password. Whatever prints it, in whichever way,
 * shows the servers and the database alone.
 */
export class ConnectionUrl {
  readonly #text: string;
  readonly #shown: string;
  /** Names or addresses of the servers, without their ports. */
  readonly hosts: readonly string[];
  readonly hasSecret: boolean;
  readonly #options: ReadonlyMap<string, string>;
  readonly #scheme: string;

  private constructor(text: string, parts: readonly (string | undefined)[], hosts: readonly string[]) {
    const [, scheme = '', user, servers, path = '', options = ''] = parts;
    this.#text = text;
    this.#scheme = scheme;
    this.hosts = hosts;
    this.#shown = `${scheme}://${servers}${path}`;
    this.#options = new Map(new URLSearchParams(options));
    this.hasSecret =
      (user ?? '').includes(':') || [...this.#options].some((option) => SECRET_OPTION.test(option.join('=')));
  }

  /** Reads a URL of one of the schemes; undefined when it is none. */
  static read(text: string, schemes: readonly string[]): ConnectionUrl | undefined {
    const parts = FORM.exec(text);
    if (parts === null || !schemes.includes(parts[1] ?? '')) return undefined;
    const hosts = (parts[3] ?? '').split(',').map((server) => SERVER.exec(server)?.[1]);
    return hosts.includes(undefined) ? undefined : new ConnectionUrl(text, parts, hosts as string[]);
  }

  /** The whole of it, password and all, for whoever connects. */
  reveal(): string {
    return this.#text;
  }

  /** An option behind the question mark. */
  option(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return [...this.#options].find(([key]) => key.toLowerCase() === wanted)?.[1];
  }

  /** Whether there is anything behind the question mark. */
  get hasOptions(): boolean {
    return this.#options.size > 0;
  }

  /** Whether all that is sent there is encrypted on its way. */
  get isTls(): boolean {
    const said = this.option('tls') ?? this.option('ssl');
    return said === undefined ? TLS_SCHEMES.includes(this.#scheme) : said === 'true';
  }

  /** Whether nobody but this machine can be meant. */
  get isThisMachine(): boolean {
    return this.hosts.every((host) => host.startsWith('%2F') || isLoopback(host));
  }

  toString(): string {
    return this.#shown;
  }

  toJSON(): string {
    return this.#shown;
  }
}
