import { type Browser, chromium } from 'playwright-core';
import { CHROMIUM } from '../../scripts/services/chromium.ts';
import { provideService } from '../../scripts/services/service.ts';

/** Chromium as a test wants it: without a window, and without a word to anybody but the servers of the test. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser that `npm test` has found. @param more flags of the test's own. */
export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: provideService(CHROMIUM), args: [...FLAGS, ...more] });
}
