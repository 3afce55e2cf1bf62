import { expect } from 'chai';
import { loadConfig } from '../../src/main/config.ts';
import { ConfigError } from '../../src/main/configuration/config-error.ts';

const problemsOf = (value: string): Promise<readonly string[]> =>
  loadConfig({ environment: { HOLDFAST_ALERTS_BREACHES: value } }).then(
    () => [],
    (error: unknown) => {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    },
  );

describe('the settings of alerts', () => {
  it('are a count within a time', async () => {
    const config = await loadConfig({
      environment: { HOLDFAST_ALERTS_BREACHES: '5/30s' },
      flags: { 'alerts.newAddress': '1000000/30d' },
    });
    expect(config['alerts.breaches']).to.deep.equal({ threshold: 5, windowMs: 30_000 });
    expect(config['alerts.newAddress']).to.deep.equal({ threshold: 1_000_000, windowMs: 2_592_000_000 });
    expect(config['alerts.takeovers'], 'unless somebody sets it').to.deep.equal({
      threshold: 1,
      windowMs: 600_000,
    });
  });

  for (const wrong of ['20', '0/10m', '1000001/10m', '5/999ms', '5/31d', '5/min', '/10m', '-1/10m']) {
    it(`say what is wrong with ${wrong}`, async () => {
      const [problem] = await problemsOf(wrong);
      expect(problem).to.contain('HOLDFAST_ALERTS_BREACHES must be a count from 1 to 1000000 within a time');
    });
  }
});
