import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type CryptoKey, importJWK, type JWK } from 'jose';
import { JoseAccessTokens } from '../../../src/adapters/outbound/jose/jose-access-tokens.ts';
import { RemoteJwksVerifier } from '../../../src/adapters/outbound/jose/remote-jwks-verifier.ts';
import { MemorySigningKeyRepository } from '../../../src/adapters/outbound/memory/identity/memory-signing-key-repository.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { LoginSessionId } from '../../../src/domain/identity/ids.ts';
import { userIdFrom } from '../../../src/domain/identity/ids.ts';
import type { UserPrincipal } from '../../../src/domain/identity/principal.ts';
import { describeAccessTokens, type TokenSetup } from '../../contracts/access-tokens.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { expectRefusal } from '../../support/refusals.ts';

const ids = new CryptoIdSource();
const someone: UserPrincipal = {
  kind: 'user',
  userId: userIdFrom(ids.uuid()),
  username: 'ada',
  email: 'ada@example.org',
  role: 'user',
  loginSessionId: 's_1' as LoginSessionId,
};

async function serve(listener: RequestListener): Promise<{ server: Server; url: URL }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, url: new URL(`http://127.0.0.1:${port}/.well-known/jwks.json`) };
}

const issuerOf = (clock: ManualClock) => {
  const keys = new MemorySigningKeyRepository();
  const issuer = new JoseAccessTokens({ keys, clock, ids });
  const signingKey = async (): Promise<CryptoKey> => {
    const [stored] = await keys.list();
    return (await importJWK(JSON.parse(stored?.privateJwk ?? '') as JWK, 'EdDSA')) as CryptoKey;
  };
  return { issuer, signingKey };
};

async function localSetup(): Promise<TokenSetup> {
  const clock = new ManualClock();
  const { issuer, signingKey } = issuerOf(clock);
  return { issuer, verifier: issuer, clock, signingKey, toleranceSeconds: 0, close: async () => {} };
}

async function remoteSetup(): Promise<TokenSetup> {
  const clock = new ManualClock();
  const { issuer, signingKey } = issuerOf(clock);
  const { server, url } = await serve(async (_request, response) => {
    response.end(JSON.stringify(await issuer.publicKeys()));
  });
  const verifier = new RemoteJwksVerifier({ url, clock });
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
  };
  return { issuer, verifier, clock, signingKey, toleranceSeconds: 5, close };
}

describeAccessTokens('auth itself', localSetup);
describeAccessTokens('a service that knows the published keys', remoteSetup);

describe('the issuer of access tokens', () => {
  it('signs with the key that the store kept, also after a restart and in a race', async () => {
    const clock = new ManualClock();
    const keys = new MemorySigningKeyRepository();
    const [one, two] = [0, 1].map(() => new JoseAccessTokens({ keys, clock, ids })) as [
      JoseAccessTokens,
      JoseAccessTokens,
    ];
    const [first, second] = await Promise.all([one.issue(someone), two.issue(someone)]);
    const later = new JoseAccessTokens({ keys, clock, ids });
    expect(await later.verify(first.token)).to.deep.equal(someone);
    expect(await one.verify(second.token)).to.deep.equal(someone);
  });

  it('asks a store again that was out of reach', async () => {
    const clock = new ManualClock();
    const keys = new MemorySigningKeyRepository();
    const list = keys.list.bind(keys);
    keys.list = async () => {
      throw new PortError('unavailable', 'store', 'gone');
    };
    const issuer = new JoseAccessTokens({ keys, clock, ids });
    const error = await issuer.issue(someone).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PortError);
    keys.list = list;
    await issuer.issue(someone);
  });
});

describe('a verifier that fetches the published keys', () => {
  let clock: ManualClock;
  let issuer: JoseAccessTokens;
  let fetches: number;
  let answer: RequestListener;
  let server: Server;
  let verifier: RemoteJwksVerifier;

  beforeEach(async () => {
    clock = new ManualClock();
    issuer = issuerOf(clock).issuer;
    fetches = 0;
    answer = async (_request, response) => {
      response.end(JSON.stringify(await issuer.publicKeys()));
    };
    const served = await serve((request, response) => {
      fetches += 1;
      answer(request, response);
    });
    server = served.server;
    verifier = new RemoteJwksVerifier({ url: served.url, clock });
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const token = async (): Promise<string> => (await issuer.issue(someone)).token;
  const expectOutOfReach = async (attempt: Promise<unknown>): Promise<void> => {
    const error = await attempt.catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PortError);
    expect((error as PortError).kind).to.equal('unavailable');
  };

  it('fetches once for any number of tokens at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, token));
    await Promise.all(tokens.map((each) => verifier.verify(each)));
    expect(fetches).to.equal(1);
  });

  it('fetches at most once in 30 seconds for keys that it does not know', async () => {
    await verifier.verify(await token());
    const stranger = issuerOf(clock).issuer;
    const unknown = (await stranger.issue(someone)).token;
    clock.advance(30_000);
    for (let turn = 0; turn < 20; turn += 1) {
      await expectRefusal(verifier.verify(unknown), 'credential.invalid');
    }
    expect(fetches).to.equal(2);
    clock.advance(30_000);
    await expectRefusal(verifier.verify(unknown), 'credential.invalid');
    expect(fetches).to.equal(3);
  });

  it('learns a new key when a token names it', async () => {
    await verifier.verify(await token());
    issuer = issuerOf(clock).issuer;
    clock.advance(30_000);
    expect(await verifier.verify(await token())).to.deep.equal(someone);
  });

  it('forgets a withdrawn key once its set is ten minutes old', async () => {
    const old = issuer;
    await verifier.verify(await token());
    issuer = issuerOf(clock).issuer;
    clock.advance(600_000);
    await expectRefusal(verifier.verify((await old.issue(someone)).token), 'credential.invalid');
  });

  it('takes its word back for a token whose key was withdrawn', async () => {
    const good = await token();
    await verifier.verify(good);
    issuer = issuerOf(clock).issuer;
    clock.advance(599_999);
    expect(await verifier.verify(good)).to.deep.equal(someone);
    clock.advance(1);
    await expectRefusal(verifier.verify(good), 'credential.invalid');
  });

  it('is unavailable while it never got any keys, and tries again a second later', async () => {
    answer = (_request, response) => response.writeHead(503).end();
    const good = await token();
    await expectOutOfReach(verifier.verify(good));
    await expectOutOfReach(verifier.verify(good));
    expect(fetches).to.equal(1);
    answer = async (_request, response) => {
      response.end(JSON.stringify(await issuer.publicKeys()));
    };
    clock.advance(1_000);
    expect(await verifier.verify(good)).to.deep.equal(someone);
  });

  it('goes on with the keys that it has when auth is gone, but calls no unknown key wrong', async () => {
    await verifier.verify(await token());
    answer = (request) => request.socket.destroy();
    clock.advance(600_000);
    expect(await verifier.verify(await token())).to.deep.equal(someone);
    const stranger = issuerOf(clock).issuer;
    await expectOutOfReach(verifier.verify((await stranger.issue(someone)).token));
  });

  for (const [what, listener] of [
    ['a redirect', (_request, response) => response.writeHead(302, { location: '/other' }).end()],
    ['text that is no JSON', (_request, response) => response.end('<html>')],
    ['another shape', (_request, response) => response.end('{"keys":[1]}')],
    ['more than a key set', (_request, response) => response.end(`{"keys":[],"x":"${'x'.repeat(70_000)}"}`)],
    [
      'half an answer',
      (_request, response) => response.writeHead(200, { 'content-length': 999 }).end('{"ke'),
    ],
  ] as ReadonlyArray<readonly [string, RequestListener]>) {
    it(`takes ${what} for no keys`, async () => {
      answer = listener;
      await expectOutOfReach(verifier.verify(await token()));
    });
  }

  it('waits two seconds for auth and no longer', async () => {
    answer = () => {};
    await expectOutOfReach(verifier.verify(await token()));
    expect(fetches).to.equal(1);
  });
});
