import { expect } from 'chai';
import {
  type ClassifyParts,
  runClassify,
} from '../../../../src/adapters/inbound/cli/classify/run-classify.ts';
import { UsageError } from '../../../../src/adapters/inbound/cli/client/failures.ts';
import type { Finding } from '../../../../src/application/ports/control/event-classifier.ts';
import { type MadCode, parseMadCode } from '../../../../src/domain/control/mad-code.ts';
import { toolRequest } from '../../../contracts/event-classifier.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';

const classified = (code: MadCode, rule: string | undefined): Finding => ({
  kind: 'classified',
  code,
  reason: rule === undefined ? '' : 'Deletes everything',
  rule,
});

describe('the command classify', () => {
  let io: FakeCommandIo;
  beforeEach(() => {
    io = new FakeCommandIo();
  });
  const run = (finding: Finding, parts: Partial<ClassifyParts> = {}): Promise<number> =>
    runClassify({
      read: () => toolRequest('bash', 'ls'),
      explain: async () => ({ finding, origin: 'own.yaml:3', place: 'call', tool: 'bash' }),
      json: false,
      io,
      ...parts,
    });

  for (const [code, exitCode] of [
    ['M0', 0],
    ['M2', 0],
    ['M3.b', 1],
    ['M4', 1],
  ] as const) {
    it(`ends with ${exitCode} for ${code}`, async () => {
      io.stdin.end('{}');
      expect(await run(classified(parseMadCode(code), 'own'))).to.equal(exitCode);
    });
  }

  it('says which rule spoke, where it stands and about what', async () => {
    io.stdin.end('{}');
    await run(classified(parseMadCode('M4.a'), 'own\u001b[2J'));
    expect(io.stdout.text).to.equal(
      'M4.a  Deletes everything.\n      rule own\\u{1b}[2J (own.yaml:3), about a call of bash\n',
    );
  });

  it('says that no rule spoke', async () => {
    io.stdin.end('{}');
    await run(classified(parseMadCode('M0'), undefined));
    expect(io.stdout.text).to.equal('M0  No rule speaks against it.\n');
  });

  it('prints one JSON document and nothing else', async () => {
    io.stdin.end('{}');
    await run(classified(parseMadCode('M3'), 'own'), { json: true });
    expect(JSON.parse(io.stdout.text)).to.deep.equal({
      status: 'ok',
      code: 'M3',
      reason: 'Deletes everything',
      rule: 'own',
      origin: 'own.yaml:3',
      in: 'call',
      tool: 'bash',
    });
    expect(io.stderr.text).to.equal('');
  });

  it('ends with 1 when the event cannot be classified', async () => {
    io.stdin.end('{}');
    expect(await run({ kind: 'error', reason: 'The rules failed' }, { json: true })).to.equal(1);
    expect(JSON.parse(io.stdout.text)).to.deep.equal({ status: 'error', reason: 'The rules failed' });
  });

  it('refuses what is no JSON, and what is larger than any event', async () => {
    for (const text of ['nope\n', ' '.repeat(8_388_609)]) {
      io = new FakeCommandIo();
      io.stdin.end(text);
      const failure = await run(classified(parseMadCode('M0'), undefined)).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(UsageError);
    }
  });

  it('ends with 130 at Ctrl-C, while it reads and while it classifies', async () => {
    const reading = run(classified(parseMadCode('M0'), undefined));
    io.interrupt();
    expect(await reading).to.equal(130);
    io = new FakeCommandIo();
    io.stdin.end('{}');
    const explain: ClassifyParts['explain'] = async () => {
      io.interrupt();
      return { finding: { kind: 'error', reason: 'given up' } };
    };
    expect(await run(classified(parseMadCode('M0'), undefined), { explain, io })).to.equal(130);
    expect(io.stdout.text).to.equal('');
  });
});
