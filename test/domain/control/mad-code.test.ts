import { expect } from 'chai';
import {
  BENIGN,
  codeOf,
  parseMadCode,
  SEVERITIES,
  severityOf,
  worse,
} from '../../../src/domain/control/mad-code.ts';

describe('codes of danger', () => {
  for (const text of ['M0', 'M2', 'M3', 'M4', 'M3.a', 'M4.z']) {
    it(`takes ${text}`, () => {
      expect(parseMadCode(text)).to.equal(text);
    });
  }

  for (const text of ['', 'M1', 'M5', 'm4', 'M3.', 'M3.A', 'M3.ab', ' M3', 'M3\n', 'M33']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseMadCode(text))
        .to.throw()
        .with.property('code', 'request.invalid');
    });
  }

  it('knows the severity of a code with a letter', () => {
    expect(severityOf(parseMadCode('M3.b'))).to.equal(3);
    expect(severityOf(BENIGN)).to.equal(0);
  });

  it('names each severity, the most dangerous first', () => {
    expect(SEVERITIES.map(codeOf)).to.deep.equal(['M4', 'M3', 'M2', 'M0']);
  });

  it('keeps the worse of two codes, and the first of two that are equally bad', () => {
    expect(worse(parseMadCode('M2'), parseMadCode('M3.a'))).to.equal('M3.a');
    expect(worse(parseMadCode('M4'), parseMadCode('M3.a'))).to.equal('M4');
    expect(worse(parseMadCode('M3.b'), parseMadCode('M3.a'))).to.equal('M3.b');
  });
});
