import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { HttpRefusal } from './problem.ts';

/** Whose pages may do more than read what everybody may read. */
export interface OriginRules {
  /** Host names that a request may be addressed to, in lower case, IPv6 in brackets. */
  readonly hosts: ReadonlySet<string>;
  /** Origins from the configuration, exactly as `Origin` writes them. */
  readonly origins: ReadonlySet<string>;
}

/** Values of `Sec-Fetch-Site` with which a browser says that no other origin's page is behind a request. */
const OWN_SITES: readonly string[] = ['same-origin', 'none'];

/** Tells from whose page a request comes. */
export class RequestOrigin {
  readonly #rules: OriginRules | undefined;
  readonly #configuredHosts: ReadonlySet<string>;

  /** `rules`: absent where nothing stands before the routes, as in a test of them; then a host's own pages count. */
  constructor(rules?: OriginRules) {
    this.#rules = rules;
    this.#configuredHosts = new Set([...(rules?.origins ?? [])].map((origin) => new URL(origin).hostname));
  }

  /**
   * Refuses a request that another site's page may have sent (ASVS 5.0, 3.5.1): by fetch metadata where the browser sends
   * it, else by an `Origin` that is exactly allowed. Who sends neither is no browser that anybody logs in with.
   *
   * @throws HttpRefusal 403 `request.cross_site`.
   */
  requireOwnPage(request: IncomingMessage): void {
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined ? OWN_SITES.includes(String(site)) : this.isAllowed(request)) return;
    throw new HttpRefusal(403, 'request.cross_site', 'This is not open to pages of other sites');
  }

  /** Whether the request has an `Origin`, and exactly an allowed one; `null` never is. */
  isAllowed(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined) return false;
    return this.#rules?.origins.has(origin) === true || origin === this.#ownOrigin(request);
  }

  /**
   * The origin of a page that this server itself has given to the browser under a name that no configured origin has,
   * such as `localhost`: only the browser knows by which of them it came, and says so in `Host`, which was checked.
   */
  #ownOrigin(request: IncomingMessage): string | undefined {
    const { host } = request.headers;
    const url = `${request.socket instanceof TLSSocket ? 'https' : 'http'}://${host}`;
    if (host === undefined || !URL.canParse(url)) return undefined;
    const { hostname, origin } = new URL(url);
    const isNamed = this.#rules === undefined || this.#rules.hosts.has(hostname);
    return isNamed && !this.#configuredHosts.has(hostname) ? origin : undefined;
  }
}
