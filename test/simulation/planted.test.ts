import { expect } from 'chai';
import { applyPatch } from './planted/apply-patch.ts';
import { findPlanted, MOST_SEEDS, plantedBugs } from './planted/find-planted.ts';

/** What the simulator must find; each is a patch of its name. */
const BUGS = [
  'control-decided-twice',
  'control-epoch-not-checked',
  'control-foreign-claim-let-in',
  'control-policy-not-followed',
  'control-taken-unnoticed',
  'control-word-never-missed',
  'epoch-not-checked',
  'event-sent-before-stored',
  'hold-released-twice',
  'mux-claim-not-withdrawn',
  'mux-dead-node-keeps-sessions',
  'mux-lost-word-never-missed',
  'mux-older-epoch-stays-open',
  'mux-owner-not-asked',
  'mux-token-not-burned',
  'settle-without-compare-and-set',
  'slot-freed-before-settle',
];

describe('a planted bug', function () {
  this.timeout(300_000);

  it('is there for each that is named', () => {
    expect(plantedBugs()).to.deep.equal(BUGS);
  });

  for (const bug of BUGS) {
    it(`is found within ${MOST_SEEDS} seeds: ${bug}`, async () => {
      const { seeds, failure } = await findPlanted(bug);
      expect(seeds, 'seeds that it took').to.be.a('number');
      expect(failure).to.be.a('string');
    });
  }
});

describe('a patch', () => {
  const patch = '--- a/x.ts\n+++ b/x.ts\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n';
  const applied = (text: string): string => {
    let written = '';
    applyPatch(
      patch,
      () => text,
      (file, after) => {
        written = `${file}: ${after}`;
      },
    );
    return written;
  };

  it('applies wherever its lines stand', () => {
    expect(applied('zero\none\ntwo\nthree\n')).to.equal('x.ts: zero\none\n2\nthree\n');
  });

  it('is refused when its lines are not there, or stand in two places', () => {
    expect(() => applied('one\n2\nthree\n')).to.throw('0 places');
    expect(() => applied('one\ntwo\nthree\none\ntwo\nthree\n')).to.throw('2 places');
    expect(() => applyPatch('', String, () => undefined)).to.throw('changes nothing');
  });
});
