/** The real server with multiplexed sessions, as its configuration file says; tells its memory when it is asked. */
import { parseArgs } from 'node:util';
import { ECHO } from '../../src/adapters/inbound/ws/mux/kinds/echo.ts';
import type { Kind, KindSession, SessionOut } from '../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import { loadConfig } from '../../src/main/config.ts';
import { serve } from '../../src/main/serve.ts';
import { MUX_KINDS } from '../../src/main/tokens/multiplexing.ts';
import { answerMemory } from '../support/memory.ts';
import { switchSafeguardsOff } from '../support/safeguards-off.ts';

const SOURCE_BYTES = Buffer.alloc(1_024, 's');

/** Sends as many messages as it is asked for, each as soon as its client's queue has room. */
class SourceSession implements KindSession {
  readonly recovered = true;
  readonly offset = 0;
  readonly #out: SessionOut;

  constructor(out: SessionOut) {
    this.#out = out;
  }

  begin(): void {}

  async onData(bytes: Buffer): Promise<void> {
    for (let left = Number(bytes.toString()); left > 0; left -= 1) await this.#out.data(SOURCE_BYTES);
  }

  close(): void {}
}

const SOURCE: Kind = {
  name: 'source',
  permission: 'mux.open',
  open: async (_opening, out) => new SourceSession(out),
};

const { values } = parseArgs({
  options: { config: { type: 'string' }, 'without-safeguards': { type: 'boolean' } },
});
if (values['without-safeguards']) switchSafeguardsOff();
answerMemory();
process.exitCode = await serve(await loadConfig({ file: values.config }), (container) => {
  container.rebind(MUX_KINDS).toConstantValue([ECHO, SOURCE]);
});
