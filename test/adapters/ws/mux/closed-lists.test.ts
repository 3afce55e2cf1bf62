import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { CLOSE_CODES, ERROR_CODES, isCloseCode } from '../../../../src/adapters/inbound/ws/mux/codes.ts';
import { FRAMES } from '../../../../src/adapters/inbound/ws/mux/frame.ts';

const chapter =
  (readFileSync('docs/PROTOCOL.md', 'utf8').split('## Session multiplexing')[1] ?? '').split('\n## ')[0] ??
  '';

/** The rows of the chapter's table whose first heading this is, as cells. */
function table(heading: string): string[][] {
  const lines = chapter.split('\n');
  const rows = lines.slice(lines.findIndex((line) => line.startsWith(`| ${heading} |`)) + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) => line.slice(2, -2).split(' | '));
}

describe('the closed lists of docs/PROTOCOL.md', () => {
  it('have every type of frame, who sends it and whose handle it carries', () => {
    const own = Object.entries(FRAMES).map(([name, { type, sender, room }]) => [
      `0x${type.toString(16).padStart(2, '0')}`,
      name,
      sender,
      room,
    ]);
    expect(own).to.have.length(13);
    expect(table('type').map((row) => row.slice(0, 4))).to.deep.equal(own);
  });

  it('have every code of a close, its meaning, and what follows', () => {
    const own = Object.entries(CLOSE_CODES).map(([code, { meaning, client, ends }]) => [
      code,
      meaning,
      client,
      ends ? 'yes' : 'no',
    ]);
    expect(own).to.have.length(16);
    expect(table('close')).to.deep.equal(own);
  });

  it('have every code of an error, and when it comes', () => {
    const own = Object.entries(ERROR_CODES).map(([code, when]) => [`\`${code}\``, when]);
    expect(own).to.have.lengthOf(15);
    expect(table('error')).to.deep.equal(own);
  });

  it('have no code that no close has', () => {
    expect([1000, 4503].map(isCloseCode)).to.deep.equal([true, true]);
    expect([0, 1004, 1005, 1006, 3000, 4001, 4999].filter(isCloseCode)).to.deep.equal([]);
  });
});
