import { subtle } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { Argon2PasswordHasher } from '../../../src/adapters/outbound/argon2/argon2-password-hasher.ts';
import { describePasswordHasher } from '../../contracts/password-hasher.ts';

const CHEAP = { memoryKib: 64, passes: 1 };

describePasswordHasher(
  'argon2',
  () => new Argon2PasswordHasher(CHEAP),
  () => new Argon2PasswordHasher({ memoryKib: 128, passes: 2 }),
);

describe('argon2', () => {
  it('is argon2id at the recommended cost unless told otherwise', async () => {
    expect(await new Argon2PasswordHasher().hash('correct horse')).to.match(
      /^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/,
    );
  });

  it("spends as much on nobody's password as on a wrong one", async () => {
    const hasher = new Argon2PasswordHasher();
    const hash = await hasher.hash('correct horse');
    const costs = { wrong: [] as number[], nobody: [] as number[] };
    for (let turn = 0; turn < 5; turn += 1) {
      costs.wrong.push(await processorTimeOf(() => hasher.verify('wrong', hash)));
      costs.nobody.push(await processorTimeOf(() => hasher.verify('wrong', undefined)));
    }
    const ratio = Math.min(...costs.nobody) / Math.min(...costs.wrong);
    expect(ratio).to.be.within(0.5, 2);
  });

  it('leaves threads to files, signatures and names, however many hashes wait', async () => {
    const hasher = new Argon2PasswordHasher(undefined, 2);
    let done = 0;
    const flood = Array.from({ length: 40 }, () => hasher.hash('correct horse').finally(() => (done += 1)));
    await readFile(import.meta.filename);
    await subtle.digest('SHA-256', Buffer.from('x'));
    expect(done).to.be.lessThan(20);
    await Promise.all(flood);
  });

  it('leaves the event loop free', async () => {
    const hasher = new Argon2PasswordHasher();
    let turns = 0;
    let done = false;
    const hashing = Promise.all(Array.from({ length: 4 }, () => hasher.hash('correct horse'))).then(() => {
      done = true;
    });
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    await hashing;
    expect(turns).to.be.greaterThan(10);
  });
});

/** Time that the processor gave to it, on all threads: what else the machine does is not counted. */
async function processorTimeOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
