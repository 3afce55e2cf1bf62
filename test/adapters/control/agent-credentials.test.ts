import { expect } from 'chai';
import { AgentCredentials } from '../../../src/adapters/inbound/control/agent-credentials.ts';
import type { LoginEnd } from '../../../src/application/ports/identity/login-ends.ts';
import type { ApiKeyId, UserId } from '../../../src/domain/identity/ids.ts';
import type { EndingPrincipal } from '../../../src/domain/identity/principal.ts';
import { eventually } from '../../support/eventually.ts';

/** More than are asked in one turn of all. */
const KEYS = 1_000;

/** Connections by a key each, what ends, and whom they were closed for. */
function world() {
  const [ended, closed, asked] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let tell: (end: LoginEnd) => void = () => undefined;
  const connections = Array.from({ length: KEYS }, (_, index) => {
    const apiKeyId = `key-${index}` as ApiKeyId;
    const principal = { kind: 'agent', apiKeyId, scopes: ['control'] } as const;
    return { principal, session: { close: () => closed.add(apiKeyId) } };
  });
  const isLive = async (principal: EndingPrincipal): Promise<boolean> => {
    const { apiKeyId } = principal as { readonly apiKeyId: ApiKeyId };
    asked.add(apiKeyId);
    return !ended.has(apiKeyId);
  };
  const subscribe = (listener: (end: LoginEnd) => void): (() => void) => {
    tell = listener;
    return () => undefined;
  };
  new AgentCredentials({ sessions: { isLive }, loginEnds: { subscribe } }, () => connections);
  return { ended, closed, asked, tell: (end: LoginEnd) => tell(end) };
}

describe('connections of agents whose keys end', () => {
  it('are closed at once, and nobody else is asked about', async () => {
    const { ended, closed, asked, tell } = world();
    ended.add('key-7');
    tell({ apiKeyId: 'key-7' as ApiKeyId });
    await eventually(async () => expect([...closed]).to.deep.equal(['key-7']));
    expect([...asked]).to.deep.equal(['key-7']);
  });

  it('are all closed at once with the account that their keys were made for, however many others there are', async () => {
    const { ended, closed, asked, tell } = world();
    for (const key of ['key-3', 'key-998']) ended.add(key);
    tell({ userId: 'user-1' as UserId, closed: true });
    await eventually(async () => expect([...closed]).to.have.members(['key-3', 'key-998']));
    await eventually(async () => expect(asked.size).to.equal(KEYS));
  });

  it('stay when a user only logs out', async () => {
    const { ended, asked, tell } = world();
    ended.add('key-3');
    tell({ userId: 'user-1' as UserId });
    expect(asked.size).to.equal(0);
  });
});
