import { expect } from 'chai';
import {
  HttpApiKeyVerifier,
  KEY_ANSWER_LIFE_MS,
} from '../../../../src/adapters/outbound/http/identity/http-api-key-verifier.ts';
import { HttpTicketRedeemer } from '../../../../src/adapters/outbound/http/identity/http-ticket-redeemer.ts';
import type { LoginEnd, LoginEnds } from '../../../../src/application/ports/identity/login-ends.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import { type ApiKeyText, readApiKey } from '../../../../src/domain/identity/api-key-text.ts';
import type { UserPrincipal } from '../../../../src/domain/identity/principal.ts';
import { type IdentityService, serveIdentity } from '../../../support/identity-service.ts';
import { SERVICE_KEY } from '../../../support/identity-world.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { expectRefusal } from '../../../support/refusals.ts';

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

  const readText = (text: string): ApiKeyText => {
    const read = readApiKey(text);
    if (read === undefined) throw new Error('no key');
    return read;
  };
  const keyOf = async (owner?: string): Promise<ApiKeyText> =>
    readText((await auth.world.mintKey(owner === undefined ? {} : { owner })).key);
  const revoke = (key: ApiKeyText) => auth.world.apiKeys.revoke(key.id, auth.world.clock.nowMs());

  it('learns from auth whom a key stands for, person or agent', async () => {
    const [mine, agents] = [await keyOf('ann'), await keyOf()];
    expect(await verifier.verify(mine)).to.deep.include({
      kind: 'key',
      username: 'ann',
      role: 'user',
      apiKeyId: mine.id,
      scopes: ['chat'],
    });
    expect(await verifier.verify(agents)).to.deep.equal({ kind: 'agent', apiKeyId: agents.id });
    await revoke(mine);
    clock.advance(KEY_ANSWER_LIFE_MS);
    await expectRefusal(verifier.verify(mine), 'credential.invalid');
  });

  it('asks once for what it was told within half a second, and once for all who come meanwhile', async () => {
    const key = await keyOf('ann');
    await Promise.all([verifier.verify(key), verifier.verify(key), verifier.verify(key)]);
    clock.advance(KEY_ANSWER_LIFE_MS - 1);
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
    clock.advance(KEY_ANSWER_LIFE_MS);
    const failure = await verifier.verify(key).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(PortError).and.include({ kind: 'unavailable', dependency: 'auth' });
  });

  it('has auth redeem tickets, each once', async () => {
    const { accessToken: value } = await auth.world.login('ann');
    const principal = (await auth.world.authenticate.execute({ kind: 'bearer', value })) as UserPrincipal;
    const { ticket } = await auth.world.mintTicket.execute({ principal });
    const redeemer = new HttpTicketRedeemer({ authUrl: auth.origin, serviceKey: SERVICE_KEY });
    expect(await redeemer.redeem(ticket)).to.deep.equal(principal);
    await expectRefusal(redeemer.redeem(ticket), 'credential.invalid');
  });
});
