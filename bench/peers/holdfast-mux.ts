/** The real server with multiplexed sessions, as its configuration file says; tells its memory when it is asked. */
import { parseArgs } from 'node:util';
import { loadConfig } from '../../src/main/config.ts';
import { serve } from '../../src/main/serve.ts';
import { answerMemory } from '../support/memory.ts';
import { switchSafeguardsOff } from '../support/safeguards-off.ts';

const { values } = parseArgs({
  options: { config: { type: 'string' }, 'without-safeguards': { type: 'boolean' } },
});
if (values['without-safeguards']) switchSafeguardsOff();
answerMemory();
process.exitCode = await serve(await loadConfig({ file: values.config }));
