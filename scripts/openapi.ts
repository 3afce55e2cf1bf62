/** Writes docs/openapi.json from the routes. */
import { writeFileSync } from 'node:fs';
import { apiDocument } from '../src/main/api-document.ts';

writeFileSync(new URL('../docs/openapi.json', import.meta.url), await apiDocument());
