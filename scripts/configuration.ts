/** Writes docs/CONFIGURATION.md from the settings. */
import { writeFileSync } from 'node:fs';
import { configurationDocument } from '../src/main/configuration/configuration-document.ts';

writeFileSync(new URL('../docs/CONFIGURATION.md', import.meta.url), configurationDocument());
