import type { Service } from './service.ts';

/** The browser that tests of the page drive. */
export const CHROMIUM: Service = {
  name: 'Chromium',
  variable: 'HOLDFAST_TEST_CHROMIUM',
  programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  debianPackage: 'chromium',
};
