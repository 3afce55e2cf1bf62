import { expect } from 'chai';
import { type CryptoKey, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type {
  AccessTokenIssuer,
  AccessTokenVerifier,
} from '../../src/application/ports/identity/access-tokens.ts';
import type { LoginSessionId } from '../../src/domain/identity/ids.ts';
import { userIdFrom } from '../../src/domain/identity/ids.ts';
import type { UserPrincipal } from '../../src/domain/identity/principal.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { expectRefusal } from '../support/refusals.ts';

/** An issuer, a verifier that knows its keys, and what a forger would like to have. */
export interface TokenSetup {
  readonly issuer: AccessTokenIssuer;
  readonly verifier: AccessTokenVerifier;
  readonly clock: ManualClock;
  /** The issuer's own private key, to sign what the issuer never would. */
  signingKey(): Promise<CryptoKey>;
  /** How far the verifier's clock may be behind, in seconds. */
  readonly toleranceSeconds: number;
  close(): Promise<void>;
}

const ada: UserPrincipal = {
  kind: 'user',
  userId: userIdFrom('11111111-1111-4111-8111-111111111111'),
  username: 'ada',
  email: 'ada@example.org',
  role: 'supervisor',
  loginSessionId: 's_1' as LoginSessionId,
};

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const read = (token: string, index: 0 | 1): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());

/** What issuer and verifier of access tokens promise each other. */
export function describeAccessTokens(name: string, create: () => Promise<TokenSetup>): void {
  describe(`${name} with access tokens`, () => {
    let setup: TokenSetup;

    beforeEach(async () => {
      setup = await create();
    });

    afterEach(() => setup.close());

    const issue = async (): Promise<string> => (await setup.issuer.issue(ada)).token;
    const refuse = (token: string) => expectRefusal(setup.verifier.verify(token), 'credential.invalid');

    /** Signs with the real key what differs from a real token as told. */
    async function signed(header: object, claims: object): Promise<string> {
      const token = await issue();
      return new SignJWT({ ...read(token, 1), ...claims } as JWTPayload)
        .setProtectedHeader({ ...(read(token, 0) as { alg: string }), ...header })
        .sign(await setup.signingKey());
    }

    it('name the same person on both sides', async () => {
      expect(await setup.verifier.verify(await issue())).to.deep.equal(ada);
      const bound = { ...ada, mustChangePassword: true } as const;
      const { token } = await setup.issuer.issue(bound);
      expect(await setup.verifier.verify(token)).to.deep.equal(bound);
    });

    it('carry the promised claims and live at most 15 minutes', async () => {
      const { token, expiresInSeconds } = await setup.issuer.issue(ada);
      const claims = read(token, 1);
      expect(claims).to.have.all.keys(
        ...['sub', 'sid', 'username', 'email', 'role', 'type', 'iss', 'aud', 'iat', 'exp', 'jti'],
      );
      expect(claims.type).to.equal('access');
      expect(Number(claims.exp) - Number(claims.iat)).to.equal(expiresInSeconds);
      expect(expiresInSeconds).to.be.within(1, 900);
      expect(read(await issue(), 1).jti).to.not.equal(claims.jti);
    });

    it('never outlive their login', async () => {
      const nowMs = setup.clock.nowMs();
      const { token, expiresInSeconds } = await setup.issuer.issue(ada, nowMs + 90_000);
      expect(expiresInSeconds).to.be.within(89, 90);
      expect(Number(read(token, 1).exp) * 1000).to.be.at.most(nowMs + 90_000);
      expect((await setup.issuer.issue(ada, nowMs)).expiresInSeconds).to.equal(1);
      const whole = await setup.issuer.issue(ada);
      expect((await setup.issuer.issue(ada, nowMs + 86_400_000)).expiresInSeconds).to.equal(
        whole.expiresInSeconds,
      );
    });

    it('expire by the clock', async () => {
      const { token, expiresInSeconds } = await setup.issuer.issue(ada);
      setup.clock.advance((expiresInSeconds + setup.toleranceSeconds) * 1000 - 1000);
      await setup.verifier.verify(token);
      setup.clock.advance(1000);
      await expectRefusal(setup.verifier.verify(token), 'credential.expired');
    });

    it('expire by the clock also when they were shown until then, and do not come back with it', async () => {
      const { token, expiresInSeconds } = await setup.issuer.issue(ada);
      const lifeMs = (expiresInSeconds + setup.toleranceSeconds) * 1000;
      for (const turn of [1, 2, 3]) expect(await setup.verifier.verify(token), `${turn}`).to.deep.equal(ada);
      setup.clock.advance(lifeMs);
      await expectRefusal(setup.verifier.verify(token), 'credential.expired');
      await expectRefusal(setup.verifier.verify(token), 'credential.expired');
      setup.clock.advance(-lifeMs - 3_600_000);
      await refuse(token);
    });

    it('are checked once while they are good, whatever may be altered in them meanwhile', async () => {
      const token = await issue();
      const { subtle } = globalThis.crypto;
      const verify = subtle.verify;
      let checks = 0;
      subtle.verify = (...args: Parameters<typeof verify>) => {
        checks += 1;
        return verify.apply(subtle, args);
      };
      try {
        for (let turn = 0; turn < 5; turn += 1) await setup.verifier.verify(token);
        expect(checks).to.equal(1);
        const [header, payload, signature] = token.split('.') as [string, string, string];
        const forged = part({ ...read(token, 1), role: 'admin' });
        await refuse(`${header}.${forged}.${signature}`);
        await refuse(`${header}.${payload}.${signature.slice(0, -4)}AAAA`);
        expect(checks).to.equal(3);
        expect(await setup.verifier.verify(token)).to.deep.equal(ada);
      } finally {
        subtle.verify = verify;
      }
    });

    it('are published by public keys alone', async () => {
      const { keys } = await setup.issuer.publicKeys();
      expect(keys).to.have.length(1);
      expect(keys[0]).to.have.all.keys('kty', 'crv', 'x', 'kid', 'alg', 'use');
    });

    it('are refused once anything of them was altered', async () => {
      const [header, payload, signature] = (await issue()).split('.') as [string, string, string];
      const forged = part({ ...read(`${header}.${payload}`, 1), role: 'admin' });
      await refuse(`${header}.${forged}.${signature}`);
      await refuse(`${header}.${payload}.`);
      await refuse(`${header}.${payload}.${signature.slice(0, -4)}AAAA`);
      for (const text of [
        '',
        '.',
        '..',
        'x',
        `${header}.${payload}`,
        `${header}.${payload}.${signature}.x`,
      ]) {
        await refuse(text);
      }
    });

    it('are refused without a signature', async () => {
      const [header, payload] = (await issue()).split('.') as [string, string];
      for (const alg of ['none', 'None', 'NONE']) {
        await refuse(`${part({ ...read(`${header}.`, 0), alg })}.${payload}.`);
      }
    });

    it('are refused when the public key was used as a shared secret', async () => {
      const { keys } = await setup.issuer.publicKeys();
      const { x, kid } = keys[0] as { x: string; kid: string };
      for (const secret of [Buffer.from(x, 'base64url'), Buffer.from(JSON.stringify(keys[0]))]) {
        const token = await new SignJWT(read(await issue(), 1))
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
          .sign(secret);
        await refuse(token);
      }
    });

    it('are refused from a foreign key, whatever key it claims to be', async () => {
      const { keys } = await setup.issuer.publicKeys();
      const foreign = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
      for (const kid of [keys[0]?.kid as string, 'another', undefined]) {
        const token = await new SignJWT(read(await issue(), 1))
          .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...(kid === undefined ? {} : { kid }) })
          .sign(foreign.privateKey);
        await refuse(token);
      }
    });

    for (const [what, header, claims] of [
      ['another type in the header', { typ: 'JWT' }, {}],
      ['another type in the claims', {}, { type: 'refresh' }],
      ['another issuer', {}, { iss: 'elsewhere' }],
      ['another audience', {}, { aud: 'elsewhere' }],
      ['a role that there is not', {}, { role: 'root' }],
      ['no session', {}, { sid: undefined }],
      ['no end', {}, { exp: undefined }],
      ['no id', {}, { jti: undefined }],
      ['a subject that is no user id', {}, { sub: 'ada' }],
    ] as const) {
      it(`are refused with ${what}, though signed by the right key`, async () => {
        await refuse(await signed(header, claims));
      });
    }

    it('are accepted when signed anew unchanged, so that the refusals above are for their cause', async () => {
      expect(await setup.verifier.verify(await signed({}, {}))).to.deep.equal(ada);
    });

    it('are refused after 15 minutes, however long they say they live', async () => {
      const farSeconds = Math.floor(setup.clock.nowMs() / 1000) + 86_400;
      const token = await signed({}, { exp: farSeconds });
      await setup.verifier.verify(token);
      setup.clock.advance(906_000);
      await expectRefusal(setup.verifier.verify(token), 'credential.expired');
    });
  });
}
