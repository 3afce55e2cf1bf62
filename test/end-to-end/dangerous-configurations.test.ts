import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { certificate, type Pair, writePair } from '../support/certificates.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';

/** A configuration under the name that docs/OPERATIONS.md gives it, and a part of the sentence that it gets. */
interface Dangerous {
  readonly what: string;
  readonly flags: () => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly sentence: RegExp;
  /** Needs an open store, which `check-config` does not. */
  readonly onlyAtStart?: true;
}

describe('a dangerous configuration', function () {
  this.timeout(120_000);
  let folder: string;
  let good: Pair;
  let server: Pair;

  before(async () => {
    folder = temporaryFolder();
    server = await certificate();
    good = writePair(folder, server);
    writePair(folder, await certificate({ days: [-3, -1] }), 'over');
    writePair(folder, await certificate({ days: [1, 3] }), 'early');
    writePair(folder, await certificate(), 'other');
    file('open.key', server.key, 0o644);
    const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: cipher,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    file('locked.key', privateKey);
    file('nothing.pem', 'nothing\n');
    file('short', 'short\n');
    file('good-key', `${'k'.repeat(43)}\n`);
    file('open-service-key', `${'k'.repeat(43)}\n`, 0o644);
    mkdirSync(join(folder, 'open-data'), { mode: 0o755 });
    // Whatever mask the tests run under.
    chmodSync(join(folder, 'open-data'), 0o755);
    const demo = await RunningServer.start(['--demo'], join(folder, 'demo-data'));
    await demo.end();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const at = (name: string): string => join(folder, name);
  const file = (name: string, text: string, mode = 0o600): void => {
    writeFileSync(at(name), text);
    chmodSync(at(name), mode);
  };
  const open = ['--host', '0.0.0.0', '--public-url', 'https://chat.example.org'];
  const tls = (cert: string, key: string) => (): string[] => ['--tls-cert', at(cert), '--tls-key', at(key)];
  const model = (url: string): string[] => ['--model-url', url, '--model-id', 'm', '--model-price', '1'];

  const fleet =
    (url: string, key = 'good-key') =>
    (): string[] => [
      ...['--mongodb-url', url],
      ...['--audit-key-file', at(key), '--service-key-file', at(key)],
    ];

  const TABLE: readonly Dangerous[] = [
    {
      what: 'plain HTTP beyond this machine',
      flags: () => open,
      sentence:
        /host: 0\.0\.0\.0 would serve plain HTTP beyond this machine; give it --tls-cert and --tls-key/,
    },
    {
      what: 'an address without a public name',
      flags: () => ['--host', '0.0.0.0', '--tls-cert', good.cert, '--tls-key', good.key],
      sentence: /host: to listen on 0\.0\.0\.0, name the server with --public-url/,
    },
    {
      what: 'demo accounts beyond this machine',
      flags: () => ['--demo', ...open, '--tls-cert', good.cert, '--tls-key', good.key],
      sentence: /demo: demo accounts have known passwords, so --demo needs a loopback --host, not 0\.0\.0\.0/,
    },
    {
      what: 'demo accounts behind a proxy',
      flags: () => ['--demo', '--trusted-proxy', '10.0.0.1'],
      sentence: /demo: demo accounts have known passwords, so --demo cannot run behind --trusted-proxy/,
    },
    {
      what: 'a store with demo accounts beyond this machine',
      flags: () => [...open, '--tls-cert', good.cert, '--tls-key', good.key, '--data', at('demo-data')],
      sentence:
        /holds demo accounts with known passwords; change or disable them \(holdfast user password NAME\)/,
      onlyAtStart: true,
    },
    {
      what: 'a public name in plain http',
      flags: () => ['--public-url', 'http://chat.example.org', '--trusted-proxy', '10.0.0.1'],
      sentence: /publicUrl: people would reach http:\/\/chat\.example\.org in the clear; use https/,
    },
    {
      what: 'a public name with a path',
      flags: () => ['--public-url', 'https://chat.example.org/chat'],
      sentence: /--public-url must be an http or https URL without a path/,
    },
    {
      what: 'a public name with a password',
      flags: () => ['--public-url', 'https://me:secret@chat.example.org'],
      sentence: /--public-url must be an http or https URL without user, query and fragment/,
    },
    {
      what: 'a cookie for a public suffix',
      flags: () => ['--public-url', 'https://holdfast.github.io', '--cookie-domain', 'github.io'],
      sentence: /cookie\.domain: github\.io is a public suffix: strangers have hosts below it/,
    },
    {
      what: 'a cookie for a domain that is no parent',
      flags: () => ['--public-url', 'https://chat.example.org', '--cookie-domain', 'example.com'],
      sentence: /cookie\.domain: example\.com is no parent of https:\/\/chat\.example\.org\//,
    },
    {
      what: 'a cookie for an address',
      flags: () => ['--cookie-domain', '127.0.0.1'],
      sentence: /cookie\.domain: 127\.0\.0\.1 is an address; a cookie is shared within a domain only/,
    },
    {
      what: 'a cookie for a single label',
      flags: () => ['--public-url', 'http://localhost', '--cookie-domain', 'localhost'],
      sentence: /cookie\.domain: localhost is a single label; browsers share no cookie within one/,
    },
    {
      what: 'a proxy that is everybody',
      flags: () => ['--trusted-proxy', '::/0'],
      sentence: /trustedProxy: ::\/0 believes whatever anybody says of himself/,
    },
    {
      what: 'a service elsewhere in plain http',
      flags: () => ['--service', 'accounting', '--auth-url', 'http://auth.example.org'],
      sentence: /authUrl: http:\/\/auth\.example\.org\/ is neither https nor loopback/,
    },
    {
      what: "a model's key in plain http",
      flags: () => [...model('http://models.example.org/v1'), '--model-key-file', at('short')],
      sentence: /model\.url: its key would travel to models\.example\.org in the clear/,
    },
    {
      what: 'a MongoDB in the clear beyond this machine',
      flags: fleet('mongodb://mongo.example.org'),
      sentence: /mongodb\.url: what is stored would travel to mongo\.example\.org in the clear; end it with/,
    },
    {
      what: 'a Redis in the clear beyond this machine',
      flags: () => [...fleet('mongodb://127.0.0.1')(), '--redis-url', 'redis://redis.example.org'],
      sentence: /redis\.url: what is stored would travel to redis\.example\.org in the clear; begin it with/,
    },
    {
      what: "a MongoDB's certificate that is not checked",
      flags: fleet('mongodb://mongo.example.org/?tls=true&tlsInsecure=true'),
      sentence: /mongodb\.url: tlsInsecure makes every certificate count; leave it out/,
    },
    {
      what: 'a password in a flag',
      flags: fleet('mongodb://app:secret@127.0.0.1'),
      sentence: /--mongodb-url holds a password, and every process of a machine can read flags/,
    },
    {
      what: 'a Redis without a MongoDB',
      flags: () => ['--redis-url', 'redis://127.0.0.1'],
      sentence: /redis\.url: Redis tells nodes at once what MongoDB holds, and holds nothing itself/,
    },
    {
      what: 'nodes without an audit key in common',
      flags: () => ['--mongodb-url', 'mongodb://127.0.0.1', '--service-key-file', at('good-key')],
      sentence: /audit\.keyFile: with --mongodb-url name --audit-key-file, the same file for every node/,
    },
    {
      what: 'nodes without a service key in common',
      flags: () => ['--mongodb-url', 'mongodb://127.0.0.1', '--audit-key-file', at('good-key')],
      sentence: /serviceKeyFile: with --mongodb-url name --service-key-file, the same file for every node/,
    },
    {
      what: "a node's key that is not there",
      flags: fleet('mongodb://127.0.0.1', 'never-made-key'),
      sentence: /audit\.keyFile: The audit key file \S+never-made-key cannot be read/,
    },
    {
      what: 'certificates that are not checked',
      flags: () => [],
      env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      sentence: /NODE_TLS_REJECT_UNAUTHORIZED=0 makes every certificate count; unset it/,
    },
    {
      what: 'a certificate without its key',
      flags: () => ['--tls-cert', good.cert],
      sentence: /tls\.cert: --tls-cert needs its key with --tls-key/,
    },
    {
      what: 'a key without its certificate',
      flags: () => ['--tls-key', good.key],
      sentence: /tls\.key: --tls-key needs its certificate with --tls-cert/,
    },
    {
      what: 'a key that others can read',
      flags: tls('server.crt', 'open.key'),
      sentence: /tls\.key: others on this machine can read \S+open\.key; chmod 600 it/,
    },
    {
      what: 'a key of another certificate',
      flags: tls('server.crt', 'other.key'),
      sentence: /tls\.key: \S+other\.key is not the key of the certificate in \S+server\.crt/,
    },
    {
      what: 'a key with a passphrase',
      flags: tls('server.crt', 'locked.key'),
      sentence: /tls\.key: the key in \S+locked\.key is locked with a passphrase/,
    },
    {
      what: 'a certificate whose time is over',
      flags: tls('over.crt', 'over.key'),
      sentence: /tls\.cert: the certificate in \S+over\.crt expired on \d{4}-\d{2}-\d{2}; renew it/,
    },
    {
      what: 'a certificate whose time has not come',
      flags: tls('early.crt', 'early.key'),
      sentence: /tls\.cert: the certificate in \S+early\.crt holds only from \d{4}-\d{2}-\d{2} on/,
    },
    {
      what: 'a certificate that is none',
      flags: tls('nothing.pem', 'server.key'),
      sentence: /tls\.cert: \S+nothing\.pem holds no certificate in PEM form/,
    },
    {
      what: 'a private CA that is none',
      flags: () => ['--tls-ca-file', at('nothing.pem')],
      sentence: /tls\.caFile: \S+nothing\.pem must hold 1 to 100 certificates in PEM form/,
    },
    {
      what: 'a data folder that others can read',
      flags: () => ['--data', at('open-data')],
      sentence: /data: Others on this machine can read the data folder \S+open-data\. .*chmod 700/,
    },
    {
      what: 'a service key that others can read',
      flags: () => ['--service-key-file', at('open-service-key')],
      sentence:
        /serviceKeyFile: The service key file \S+open-service-key can be read by others: chmod 600 it/,
    },
    {
      what: 'a service key that is too short',
      flags: () => ['--service-key-file', at('short')],
      sentence: /serviceKeyFile: The service key file \S+short must hold .* 256 random bits in base64url/,
    },
    {
      what: 'an audit key that others can read',
      flags: () => ['--audit-key-file', at('open-service-key')],
      sentence: /audit\.keyFile: The audit key file \S+open-service-key can be read by others: chmod 600 it/,
    },
    {
      what: 'a token for /metrics that is too short',
      flags: () => ['--metrics-token-file', at('short')],
      sentence: /metricsTokenFile: the token in \S+short needs at least 16 characters/,
    },
  ];

  for (const { what, flags, env = {}, sentence, onlyAtStart } of TABLE) {
    it(`does not start: ${what}`, async () => {
      const data = flags().includes('--data') ? [] : ['--data', at('never-made')];
      const [started, checked] = await Promise.all([
        holdfast(['serve', ...data, ...flags()], env),
        onlyAtStart ? undefined : holdfast(['check-config', ...data, ...flags()], env),
      ]);
      expect([started.code, started.stdout], started.stderr).to.deep.equal([2, '']);
      expect(started.stderr).to.match(sentence);
      if (checked !== undefined) expect(checked).to.deep.equal(started);
    });
  }

  it('is each in the table of the documentation, and the table has no other', () => {
    const [, table = ''] = readFileSync('docs/OPERATIONS.md', 'utf8').split('## What does not start');
    const rows = [...table.matchAll(/^\| ([^|]+) \|/gm)].map(([, first]) => first).slice(2);
    expect(rows).to.deep.equal(TABLE.map(({ what }) => what));
  });

  it('is told with all that is wrong at once', async () => {
    const flags = [
      '--tls-cert',
      at('nothing.pem'),
      '--tls-key',
      good.key,
      '--metrics-token-file',
      at('short'),
    ];
    const { code, stderr } = await holdfast(['check-config', ...flags, '--data', at('open-data')]);
    expect(code).to.equal(2);
    expect(stderr.trim().split('\n')).to.have.length(3);
  });

  it('is not one that is merely odd: a certificate for another name, a model without a key, a lent token', async () => {
    file('lent-token', 't'.repeat(16), 0o644);
    const token = ['--metrics-token-file', at('lent-token'), '--data', at('never-made')];
    const flags = [...open, '--tls-cert', good.cert, '--tls-key', good.key, ...token];
    const odd = await holdfast(['check-config', ...flags, ...model('http://models.example.org/v1')]);
    expect([odd.code, odd.stdout]).to.deep.equal([0, 'The configuration is right.\n']);
    expect(odd.stderr).to.contain('the certificate is not good for chat.example.org');
    expect(odd.stderr).to.contain(`others on this machine can read ${at('lent-token')}; chmod 600 it`);
    expect(odd.stderr).to.contain('what people ask travels to models.example.org in the clear');
  });
});
