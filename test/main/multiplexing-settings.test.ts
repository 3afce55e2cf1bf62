import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/main/config.ts';
import { ConfigError } from '../../src/main/configuration/config-error.ts';
import { temporaryFolder } from '../support/running-server.ts';

describe('the settings of multiplexed sessions', () => {
  const folder = temporaryFolder();
  after(() => rmSync(folder, { recursive: true, force: true }));

  const read = (yaml: string, environment: Readonly<Record<string, string>> = {}) => {
    const file = join(folder, 'holdfast.yaml');
    writeFileSync(file, yaml);
    return loadConfig({ file, environment });
  };
  const block = (...lines: readonly string[]): string =>
    ['websocket:', '  multiplexing:', ...lines.map((line) => `    ${line}`)].join('\n');

  it('are read from their block with units, and the environment wins over it', async () => {
    const config = await read(
      block(
        'maxSessionsPerConnection: 50',
        'sessionTimeout: 120s',
        'rateLimitPerSession: 20/s',
        'maxMessageSize: 32KB',
        'fairQueueWeight: 20',
      ),
      { HOLDFAST_WEBSOCKET_MULTIPLEXING_FAIR_QUEUE_WEIGHT: '30' },
    );
    expect(config['websocket.multiplexing.maxSessionsPerConnection']).to.equal(50);
    expect(config['websocket.multiplexing.sessionTimeout']).to.equal(120_000);
    expect(config['websocket.multiplexing.rateLimitPerSession']).to.deep.equal({ tokens: 20, perMs: 1_000 });
    expect(config['websocket.multiplexing.maxMessageSize']).to.equal(32_768);
    expect(config['websocket.multiplexing.fairQueueWeight']).to.equal(30);
    expect(config['websocket.multiplexing.rateLimitPerConnection']).to.deep.equal({
      tokens: 20_000,
      perMs: 60_000,
    });
  });

  for (const [line, sentence] of [
    ['maxMessageSize: 65536', 'must be a size from 1KB to 512KB, such as 512B, 64KB or 1MB'],
    ['maxMessageSize: 513KB', 'must be a size from 1KB to 512KB, such as 512B, 64KB or 1MB'],
    ['maxMessageSize: 1023B', 'must be a size from 1KB to 512KB, such as 512B, 64KB or 1MB'],
    ['rateLimitPerSession: 1000', 'must be a rate from 1 to 10000000, such as 10/s, 1000/min or 5000/h'],
    ['rateLimitPerSession: 0/min', 'must be a rate from 1 to 10000000, such as 10/s, 1000/min or 5000/h'],
    ['rateLimitPerSession: 5/d', 'must be a rate from 1 to 10000000, such as 10/s, 1000/min or 5000/h'],
    ['fairQueueWeight: 101', 'must be a whole number from 1 to 100'],
    ['sessionTimeout: 300', 'must be a duration from 1s to 24h, such as 20s, 15m or 24h'],
  ] as const) {
    it(`say what is wrong with ${line}`, async () => {
      const error = await read(block(line)).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ConfigError);
      const [key] = line.split(':');
      expect((error as Error).message).to.contain(`websocket.multiplexing.${key} ${sentence}`);
    });
  }

  it('name the nearest setting for a mistyped one', async () => {
    const error = await read(block('maxSessionPerConnection: 5')).catch((thrown: Error) => thrown.message);
    expect(error).to.contain('maxSessionsPerConnection');
  });
});
