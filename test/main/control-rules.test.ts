import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RuleBook } from '../../src/adapters/outbound/rules/rule-book.ts';
import { ConfigError } from '../../src/main/configuration/config-error.ts';
import { readControlRules, reloadRulesAtHangup } from '../../src/main/control-rules.ts';
import { eventually } from '../support/eventually.ts';
import { RecordingLog } from '../support/recording-log.ts';

describe('the rules for agents', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-rules-'));
    path = join(folder, 'rules.yaml');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (id: string): void =>
    writeFileSync(path, `starter: false\nrules:\n  - { id: ${id}, code: M3, reason: x, tool: a }\n`);

  it('are a configuration error with line and rule when they cannot be used', async () => {
    writeFileSync(path, 'rules:\n  - { id: own, code: M3, reason: x, match: "(" }\n');
    const error = await readControlRules(path).catch((failure: unknown) => failure);
    expect(error).to.be.instanceOf(ConfigError);
    expect((error as ConfigError).problems[0]).to.match(
      /^control\.rulesFile: .*rules\.yaml:2: rule own: match is no regular expression/,
    );
  });

  it('are read anew at SIGHUP, and stay as they were when the new ones cannot be used', async () => {
    const log = new RecordingLog();
    const used: RuleBook[] = [];
    const end = reloadRulesAtHangup({ path, use: (rules) => used.push(rules), log });
    try {
      write('first');
      process.emit('SIGHUP');
      await eventually(async () => expect(used.map(({ rules }) => rules[0]?.id)).to.deep.equal(['first']));
      writeFileSync(path, 'rules: nonsense');
      process.emit('SIGHUP');
      await eventually(async () => expect(log.lines.at(-1)).to.include({ level: 'error' }));
      expect(log.lines.at(-1)?.message).to.contain('stay as they were').and.to.contain('rules.yaml:1');
      write('second');
      process.emit('SIGHUP');
      await eventually(async () =>
        expect(used.map(({ rules }) => rules[0]?.id)).to.deep.equal(['first', 'second']),
      );
    } finally {
      end();
    }
    expect(process.listeners('SIGHUP')).to.deep.equal([]);
  });
});
