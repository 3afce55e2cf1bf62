import { expect } from 'chai';
import { keptServers } from '../../../src/adapters/inbound/control/login-rules.ts';
import { MAX_SERVERS_OF_A_SESSION } from '../../../src/application/ports/control/mcp-inventories.ts';

const server = (name: string, endpoint = '') => ({ name, transport: 'stdio', endpoint });

describe('what is kept of an inventory', () => {
  it('is each name once, as it was said last', () => {
    expect(keptServers([server('a', 'old'), server('b'), server('a', 'new')])).to.deep.equal([
      server('a', 'new'),
      server('b'),
    ]);
  });

  it('is no more servers than one session may have, and no longer texts than may be kept', () => {
    const most = Array.from({ length: MAX_SERVERS_OF_A_SESSION }, (_, at) => server(`server-${at}`));
    expect(keptServers(most)).to.have.length(MAX_SERVERS_OF_A_SESSION);
    expect(keptServers([...most, server('one too many')])).to.deep.equal(most);
    const [long] = keptServers([server('n'.repeat(5_000), `${'e'.repeat(2_047)}\u{1f600}`)]);
    expect([long?.name.length, long?.endpoint.length]).to.deep.equal([2_048, 2_048]);
    expect(long?.endpoint.isWellFormed()).to.equal(true);
  });
});
