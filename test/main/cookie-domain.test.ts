import { expect } from 'chai';
import { loadConfig } from '../../src/main/config.ts';
import { ConfigError } from '../../src/main/configuration/config-error.ts';

/** What the program says to a configuration; undefined when it starts. */
async function complaint(domain: string, ...publicUrl: string[]): Promise<string | undefined> {
  try {
    await loadConfig({ environment: {}, flags: { 'cookie.domain': domain, publicUrl } });
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

describe('the domain of the cookie', () => {
  for (const [domain, ...urls] of [
    ['example.org', 'https://chat.example.org'],
    ['example.org', 'https://example.org', 'https://a.b.example.org:8443'],
    ['corp.example.co.uk', 'https://chat.corp.example.co.uk'],
    ['holdfast.internal', 'https://chat.holdfast.internal'],
    ['xn--bcher-kva.example', 'https://chat.bücher.example'],
  ] as const) {
    it(`may be ${domain} for ${urls.join(' and ')}`, async () => {
      expect(await complaint(domain, ...urls)).to.equal(undefined);
    });
  }

  for (const [domain, url, why] of [
    ['org', 'https://chat.org', /single label/],
    ['localhost', 'http://localhost:3002', /single label/],
    ['co.uk', 'https://chat.co.uk', /co\.uk is a public suffix/],
    ['github.io', 'https://chat.github.io', /github\.io is a public suffix/],
    ['s3.amazonaws.com', 'https://chat.s3.amazonaws.com', /public suffix/],
    ['127.0.0.1', 'http://127.0.0.1:3002', /is an address/],
    ['[::1]', 'http://[::1]:3002', /is an address/],
    ['other.org', 'https://chat.example.org', /no parent of https:\/\/chat\.example\.org\//],
    ['ample.org', 'https://example.org', /no parent/],
    ['chat.example.org', 'https://example.org', /no parent/],
    ['.example.org', 'https://chat.example.org', /not a host name/],
    ['example.org.', 'https://chat.example.org', /not a host name/],
    ['Example.org', 'https://chat.example.org', /not a host name/],
    ['example.org:443', 'https://chat.example.org', /not a host name/],
    ['example.org; Path=/x', 'https://chat.example.org', /not a host name/],
    ['bücher.example', 'https://chat.bücher.example', /not a host name/],
  ] as const) {
    it(`may not be ${domain} for ${url}, and says why`, async () => {
      expect(await complaint(domain, url)).to.match(why);
    });
  }

  it('needs to know where the server is reached, at each of its addresses', async () => {
    expect(await complaint('example.org')).to.contain('--public-url');
    const two = await complaint('example.org', 'https://chat.example.org', 'https://chat.example.net');
    expect(two).to.contain('example.net').and.not.contain('example.org/,');
  });
});
