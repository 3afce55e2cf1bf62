import type { IncomingMessage } from 'node:http';
import type { Authenticate, Credential } from '../../../application/identity/authenticate.ts';
import { PortError } from '../../../application/ports/port-error.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import type { Permission } from '../../../domain/identity/permission.ts';
import type { Principal } from '../../../domain/identity/principal.ts';
import { bearerOf, requirePermission } from './admission.ts';
import { ConfidentialWay } from './confidential-way.ts';
import { type Edge, requireName } from './edge.ts';
import { earlyAnswer } from './http-server.ts';
import { HttpRefusal, toProblem } from './problem.ts';
import { RequestOrigin } from './request-origin.ts';
import type { SessionCookie } from './session-cookie.ts';

/** Why a page of another site is refused. */
const FOREIGN = 'This is not open to pages of other sites';

/** Lets upgrades in by the same rules as requests, and by tickets, because a browser's WebSocket carries no headers. */
export class UpgradeAdmission {
  readonly #parts: { authenticate: Authenticate; cookie: SessionCookie; edge: Edge };
  readonly #origin: RequestOrigin;
  readonly #way: ConfidentialWay;

  constructor(parts: { authenticate: Authenticate; cookie: SessionCookie; edge: Edge }) {
    this.#parts = parts;
    this.#origin = new RequestOrigin(parts.edge);
    this.#way = new ConfidentialWay(parts.edge);
  }

  /** @throws HttpRefusal 421 `request.host`. */
  requireName(request: IncomingMessage): void {
    requireName(this.#parts.edge.hosts, request);
  }

  /**
   * Exactly one credential decides: `Authorization` where there is one, else the ticket of the query, else the cookie. An
   * `Origin` must be exactly allowed, and a cookie needs one: WebSockets obey no same-origin policy of their own, and a
   * browser would send the cookie along for any page (ASVS 5.0, 4.4.2).
   *
   * @throws HttpRefusal 403 `request.cross_site`, `request.in_the_clear`; DomainError `credential.…`, `permission.denied`;
   *   PortError when it cannot be found out.
   */
  async admit(request: IncomingMessage, permission: Permission): Promise<Principal> {
    this.#way.require(request);
    const hasOrigin = request.headers.origin !== undefined;
    if (hasOrigin && !this.#origin.isAllowed(request))
      throw new HttpRefusal(403, 'request.cross_site', FOREIGN);
    const credential = this.#credentialOf(request);
    if (credential?.kind === 'cookie' && !hasOrigin) {
      throw new HttpRefusal(403, 'request.cross_site', FOREIGN);
    }
    const principal = credential && (await this.#parts.authenticate.execute(credential));
    requirePermission(principal, { permission });
    if (principal === undefined) throw new DomainError('credential.missing', 'Log in first');
    return principal;
  }

  refuseUnrouted(): never {
    throw new HttpRefusal(404, 'request.no_route', 'There is nothing here');
  }

  refuseBusy(): never {
    throw new PortError('unavailable', 'admission', 'too many upgrades are being looked at');
  }

  /** The whole answer that tells an error. */
  refusalText(error: unknown, requestId: string): string {
    const { problem, headers } = toProblem(error, requestId);
    return earlyAnswer(problem, headers);
  }

  #credentialOf(request: IncomingMessage): Credential | undefined {
    const bearer = bearerOf(request);
    if (bearer !== undefined) return { kind: 'bearer', value: bearer };
    const tickets = ticketsOf(request);
    const [ticket, ...more] = tickets;
    if (more.length > 0) throw new DomainError('credential.invalid', 'There is more than one ticket');
    if (ticket !== undefined) return { kind: 'ticket', value: ticket };
    const cookie = this.#parts.cookie.secretOf(request);
    return cookie === undefined ? undefined : { kind: 'cookie', value: cookie };
  }
}

function ticketsOf({ url = '' }: IncomingMessage): readonly string[] {
  return URL.canParse(url, 'http://host') ? new URL(url, 'http://host').searchParams.getAll('ticket') : [];
}
