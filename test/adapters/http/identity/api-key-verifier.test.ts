import { expect } from 'chai';
import { ANSWER_LIFE_MS } from '../../../../src/adapters/outbound/http/identity/asked-holders.ts';
import { HttpApiKeyVerifier } from '../../../../src/adapters/outbound/http/identity/http-api-key-verifier.ts';
import { HttpTicketRedeemer } from '../../../../src/adapters/outbound/http/identity/http-ticket-redeemer.ts';
import type { LoginEnd, LoginEnds } from '../../../../src/application/ports/identity/login-ends.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import type { ApiKeyText } from '../../../../src/domain/identity/api-key-text.ts';
import { describeApiKeyVerifier, keyText } from '../../../contracts/api-key-verifier.ts';
import { describeTicketRedeemer } from '../../../contracts/ticket-redeemer.ts';
import { type IdentityService, serveIdentity } from '../../../support/identity-service.ts';
import { IdentityWorld, SERVICE_KEY } from '../../../support/identity-world.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { expectRefusal } from '../../../support/refusals.ts';

describeApiKeyVerifier("auth's own store", async () => {
  const world = new IdentityWorld();
  return { world, verifier: world.storedApiKeys, passTime: () => {}, close: () => {} };
});

describeApiKeyVerifier('auth over HTTP', async () => {
  const { world, origin, close } = await serveIdentity();
  const clock = new ManualClock();
  const auth = { authUrl: origin, serviceKey: SERVICE_KEY };
  const loginEnds = { subscribe: () => () => undefined };
  const verifier = new HttpApiKeyVerifier({ auth, clock, digest: world.digest, loginEnds });
  return { world, verifier, passTime: () => clock.advance(ANSWER_LIFE_MS), close };
});

describeTicketRedeemer("auth's own store", async () => {
  const world = new IdentityWorld();
  return { world, redeemer: world.storedTickets, close: () => {} };
});

describeTicketRedeemer('auth over HTTP', async () => {
  const { world, origin, close } = await serveIdentity();
  const redeemer = new HttpTicketRedeemer({ authUrl: origin, serviceKey: SERVICE_KEY });
  return { world, redeemer, close };
});

describe('a service apart from auth', () => {
  let auth: IdentityService;
  let tell: (end: LoginEnd) => void;
  let clock: ManualClock;
  let verifier: HttpApiKeyVerifier;
  let asked: number;
  beforeEach(async () => {
    auth = await serveIdentity();
    await auth.world.addUser('ann');
    clock = new ManualClock();
    asked = 0;
    const find = auth.world.apiKeys.find.bind(auth.world.apiKeys);
    auth.world.apiKeys.find = (id) => {
      asked += 1;
      return find(id);
    };
    const peer = { authUrl: auth.origin, serviceKey: SERVICE_KEY };
    const loginEnds: LoginEnds = {
      subscribe: (listener) => {
        tell = listener;
        return () => undefined;
      },
    };
    verifier = new HttpApiKeyVerifier({ auth: peer, clock, digest: auth.world.digest, loginEnds });
  });
  afterEach(() => auth.close());

  const keyOf = async (owner?: string): Promise<ApiKeyText> =>
    keyText((await auth.world.mintKey(owner === undefined ? {} : { owner })).key);
  const revoke = (key: ApiKeyText) => auth.world.apiKeys.revoke(key.id, auth.world.clock.nowMs());

  it('asks once for what it was told within half a second, and once for all who come meanwhile', async () => {
    const key = await keyOf('ann');
    await Promise.all([verifier.verify(key), verifier.verify(key), verifier.verify(key)]);
    clock.advance(ANSWER_LIFE_MS - 1);
    await verifier.verify(key);
    expect(asked).to.equal(1);
    clock.advance(1);
    await verifier.verify(key);
    expect(asked).to.equal(2);
  });

  it('forgets at once what it is told has ended, and nothing else', async () => {
    const [ended, other] = [await keyOf('ann'), await keyOf()];
    for (const key of [ended, other]) await verifier.verify(key);
    await revoke(ended);
    tell({ apiKeyId: ended.id });
    await expectRefusal(verifier.verify(ended), 'credential.invalid');
    const before = asked;
    await verifier.verify(other);
    expect(asked).to.equal(before);
  });

  it('keeps no answer that was on its way when an end was told', async () => {
    const key = await keyOf('ann');
    const answer = verifier.verify(key);
    tell({ apiKeyId: key.id });
    await answer;
    await verifier.verify(key);
    expect(asked).to.equal(2);
  });

  it('keeps nothing about a key that is not good', async () => {
    const key = await keyOf('ann');
    await revoke(key);
    await expectRefusal(verifier.verify(key), 'credential.invalid');
    await expectRefusal(verifier.verify(key), 'credential.invalid');
    expect(asked).to.equal(2);
  });

  it('lets nobody in by a key while auth is out of reach, once its answers are old', async () => {
    const key = await keyOf('ann');
    await verifier.verify(key);
    auth.close();
    await verifier.verify(key);
    clock.advance(ANSWER_LIFE_MS);
    const failure = await verifier.verify(key).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(PortError).and.include({ kind: 'unavailable', dependency: 'auth' });
  });
});
