import { expect } from 'chai';
import { plainText } from '../../../src/adapters/outbound/handbook/plain-text.ts';

describe('plainText', () => {
  it('makes one line of a paragraph and of each item of a list', () => {
    expect(plainText('one\ntwo\n\n- a\n  b\n- c\n1. d')).to.equal('one two\n\n- a b\n- c\n1. d');
  });

  it('names the columns of a wide table in each row, and leaves out empty cells', () => {
    const table =
      '| code | id | answer |\n| --- | :-: | ---: |\n| `400` | any |  |\n| 200 | exact<br>only | yes |';
    expect(plainText(table)).to.equal('- `400` — id: any\n- 200 — id: exact, only; answer: yes');
  });

  it('needs no names for two columns, nor a head', () => {
    expect(plainText('| limit | value |\n|---|---|\n| title | 200 |')).to.equal('- title — 200');
    expect(plainText('| a | b \\| c |')).to.equal('- a — b \\| c');
  });

  it('takes the marks of emphasis and links away, and nothing else', () => {
    expect(plainText('**Back up** the *whole* [folder](a.md), 2*3*4, `a_b` <!-- never seen -->')).to.equal(
      'Back up the whole folder, 2*3*4, `a_b`',
    );
  });

  it('indents code and leaves it as it is, also where its fence is not closed', () => {
    expect(plainText('x\n```sh\n# **y**\n\n| z |\n```\nw')).to.equal('x\n\n    # **y**\n\n    | z |\n\nw');
    expect(plainText('```\nend')).to.equal('    end');
  });
});
