import type { Container } from 'inversify';
import { HttpApiKeyVerifier } from '../../adapters/outbound/http/identity/http-api-key-verifier.ts';
import { HttpCookieVerifier } from '../../adapters/outbound/http/identity/http-cookie-verifier.ts';
import { HttpLongUse } from '../../adapters/outbound/http/identity/http-long-use.ts';
import { HttpPrincipalDirectory } from '../../adapters/outbound/http/identity/http-principal-directory.ts';
import { HttpRevocationFeed } from '../../adapters/outbound/http/identity/http-revocation-feed.ts';
import { HttpTicketRedeemer } from '../../adapters/outbound/http/identity/http-ticket-redeemer.ts';
import { RemoteJwksVerifier } from '../../adapters/outbound/jose/remote-jwks-verifier.ts';
import { FollowRevocations } from '../../application/identity/follow-revocations.ts';
import { HeardCredentials } from '../../application/identity/heard-credentials.ts';
import { HeardEnds } from '../../application/identity/heard-ends.ts';
import { HeardSessionStatus } from '../../application/identity/heard-session-status.ts';
import { useIntervalMs } from '../../domain/identity/login-session.ts';
import * as identity from '../tokens/identity.ts';
import {
  API_KEY_VERIFIER,
  CLOCK,
  DIGEST,
  IDS,
  LOG,
  LOGIN_ENDS,
  PRINCIPAL_DIRECTORY,
  SESSION_STATUS,
  TICKET_REDEEMER,
  TIMERS,
  TOKEN_VERIFIER,
} from '../tokens.ts';
import { bindAuthentication } from './identity.ts';

/** Where auth is, and how this service shows that it is one. */
interface Auth {
  readonly authUrl: URL;
  readonly serviceKey: string;
  /** How long a browser's login may lie unused there, in milliseconds. */
  readonly idleMs: number;
}

/** Binds what a service that runs apart from auth needs to know who asks. */
export function bindRemoteIdentity(container: Container, auth: Auth): void {
  container
    .bind(TOKEN_VERIFIER)
    .toResolvedValue(
      (clock) => new RemoteJwksVerifier({ url: new URL('/.well-known/jwks.json', auth.authUrl), clock }),
      [CLOCK],
    )
    .inSingletonScope();
  container.bind(PRINCIPAL_DIRECTORY).toConstantValue(new HttpPrincipalDirectory(auth));
  bindHearing(container, auth);
  bindAskedCredentials(container, auth);
  bindAuthentication(container);
}

/** What auth tells of ended logins, and what follows from it. */
function bindHearing(container: Container, auth: Auth): void {
  container
    .bind(identity.HEARD_ENDS)
    .toResolvedValue((clock) => new HeardEnds(clock), [CLOCK])
    .inSingletonScope();
  container.bind(LOGIN_ENDS).toResolvedValue((heard) => heard, [identity.HEARD_ENDS]);
  container
    .bind(SESSION_STATUS)
    .toResolvedValue(
      (heard, directory, clock) => new HeardSessionStatus({ heard, directory, clock }),
      [identity.HEARD_ENDS, PRINCIPAL_DIRECTORY, CLOCK],
    )
    .inSingletonScope();
  const feed = new HttpRevocationFeed(auth);
  container
    .bind(identity.FOLLOW_REVOCATIONS)
    .toResolvedValue(
      (heard, timers, ids, log) => new FollowRevocations({ feed, heard, timers, ids, log }),
      [identity.HEARD_ENDS, TIMERS, IDS, LOG],
    )
    .inSingletonScope();
}

/** What only auth can tell of a credential. */
function bindAskedCredentials(container: Container, auth: Auth): void {
  container
    .bind(identity.HEARD_CREDENTIALS)
    .toResolvedValue(
      (clock, digest, loginEnds, heard) =>
        new HeardCredentials({
          heard,
          apiKeys: new HttpApiKeyVerifier({ auth, clock, digest, loginEnds }),
          tickets: new HttpTicketRedeemer(auth),
          cookies: new HttpCookieVerifier({ auth, clock, digest, loginEnds }),
        }),
      [CLOCK, DIGEST, LOGIN_ENDS, identity.HEARD_ENDS],
    )
    .inSingletonScope();
  container.bind(API_KEY_VERIFIER).toResolvedValue((asked) => asked, [identity.HEARD_CREDENTIALS]);
  container
    .bind(identity.COOKIE_VERIFIER)
    .toResolvedValue((asked) => asked.cookies, [identity.HEARD_CREDENTIALS]);
  container.bind(identity.LONG_USE).toResolvedValue(
    (heard) =>
      new HttpLongUse({
        auth,
        intervalMs: useIntervalMs(auth.idleMs),
        onEnded: (loginSessionId) => heard.conclude({ loginSessionId }),
      }),
    [identity.HEARD_ENDS],
  );
  container.bind(TICKET_REDEEMER).toResolvedValue((asked) => asked, [identity.HEARD_CREDENTIALS]);
}
