import type { Container } from 'inversify';
import { IssueApiKey } from '../../application/identity/api-keys/issue-api-key.ts';
import { ListApiKeys } from '../../application/identity/api-keys/list-api-keys.ts';
import { MintApiKey } from '../../application/identity/api-keys/mint-api-key.ts';
import { RevokeApiKey } from '../../application/identity/api-keys/revoke-api-key.ts';
import { StoredApiKeys } from '../../application/identity/api-keys/stored-api-keys.ts';
import { MintTicket } from '../../application/identity/tickets/mint-ticket.ts';
import { StoredTickets } from '../../application/identity/tickets/stored-tickets.ts';
import * as identity from '../tokens/identity.ts';
import {
  API_KEY_VERIFIER,
  API_KEYS,
  CLOCK,
  DIGEST,
  IDS,
  SESSION_STATUS,
  TICKET_REDEEMER,
  TICKETS,
  USERS,
} from '../tokens.ts';

/** Binds API keys and tickets over the stores that the container has. */
export function bindApiKeys(container: Container): void {
  container
    .bind(API_KEY_VERIFIER)
    .toResolvedValue(
      (apiKeys, users, digest, clock) => new StoredApiKeys({ apiKeys, users, digest, clock }),
      [API_KEYS, USERS, DIGEST, CLOCK],
    )
    .inSingletonScope();
  container
    .bind(identity.ISSUE_API_KEY)
    .toResolvedValue(
      (apiKeys, users, ids, digest, clock) => new IssueApiKey({ apiKeys, users, ids, digest, clock }),
      [API_KEYS, USERS, IDS, DIGEST, CLOCK],
    );
  container
    .bind(identity.MINT_API_KEY)
    .toResolvedValue(
      (confirm, issueApiKey, clock) => new MintApiKey({ confirm, issueApiKey, clock }),
      [identity.CONFIRM_PASSWORD, identity.ISSUE_API_KEY, CLOCK],
    );
  container
    .bind(identity.LIST_API_KEYS)
    .toResolvedValue((apiKeys, clock) => new ListApiKeys({ apiKeys, clock }), [API_KEYS, CLOCK]);
  container
    .bind(identity.REVOKE_API_KEY)
    .toResolvedValue((apiKeys, clock) => new RevokeApiKey({ apiKeys, clock }), [API_KEYS, CLOCK]);
  bindTickets(container);
}

function bindTickets(container: Container): void {
  container
    .bind(TICKET_REDEEMER)
    .toResolvedValue(
      (tickets, users, sessions, digest, clock) =>
        new StoredTickets({ tickets, users, sessions, digest, clock }),
      [TICKETS, USERS, SESSION_STATUS, DIGEST, CLOCK],
    )
    .inSingletonScope();
  container
    .bind(identity.MINT_TICKET)
    .toResolvedValue(
      (tickets, ids, digest, clock) => new MintTicket({ tickets, ids, digest, clock }),
      [TICKETS, IDS, DIGEST, CLOCK],
    );
}
