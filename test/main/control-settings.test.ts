import { expect } from 'chai';
import { loadConfig } from '../../src/main/config.ts';
import { ConfigError } from '../../src/main/configuration/config-error.ts';

const refusal = async (flags: object): Promise<string> => {
  try {
    await loadConfig({ environment: {}, flags });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join(' ');
    throw error;
  }
  return '';
};

describe('the settings of agents’ control', () => {
  it('keep a verdict’s deadline below the time that the least patient client waits', async () => {
    expect(await refusal({ 'control.verdictDeadline': '11999ms' })).to.equal('');
    expect(await refusal({ 'control.verdictDeadline': '12s' })).to.match(
      /--control-verdict-deadline must be/,
    );
  });

  it('name a model that is there and can judge', async () => {
    const known = { 'model.url': 'http://127.0.0.1:1/v1', 'model.id': 'judge', 'model.price': '1' };
    expect(await refusal({ ...known, 'control.model': 'judge' })).to.equal('');
    expect(await refusal({ ...known, 'control.model': 'other' })).to.match(/there is no model other/);
    expect(await refusal({ 'control.model': 'handbook' })).to.match(/there is no model handbook/);
  });
});
