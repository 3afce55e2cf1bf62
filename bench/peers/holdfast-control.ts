/** The real server as its configuration file says; tells its memory when it is asked. */
import { parseArgs } from 'node:util';
import { loadConfig } from '../../src/main/config.ts';
import { serve } from '../../src/main/serve.ts';
import { answerMemory } from '../support/memory.ts';

const { values } = parseArgs({ options: { config: { type: 'string' } } });
answerMemory();
process.exitCode = await serve(await loadConfig({ file: values.config }));
// Nobody asks any more, and the channel would keep the process.
process.disconnect?.();
