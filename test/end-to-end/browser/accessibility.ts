import type { Page } from 'playwright-core';

/** Least contrast of text to what lies behind it (WCAG 2.2, 1.4.3). */
const LEAST_CONTRAST = 4.5;
/** Least width and height of what is pressed, in CSS pixels (WCAG 2.2, 2.5.8). */
const LEAST_TARGET_PX = 24;

/**
 * What a page owes to people who do not see it, do not use a mouse, or see it small, as far as a program can tell: names,
 * landmarks, one heading of the first level, contrast, size of targets, a visible focus, no scrolling sideways.
 *
 * @returns a sentence for each fault
 */
export async function faultsOf(page: Page): Promise<string[]> {
  return [
    ...(await page.evaluate(frameFaults)),
    ...(await page.evaluate(controlFaults, LEAST_TARGET_PX)),
    ...(await page.evaluate(contrastFaults, LEAST_CONTRAST)),
  ];
}

/** Runs in the page. */
function frameFaults(): string[] {
  const faults: string[] = [];
  const shown = (element: Element): boolean =>
    element.checkVisibility({ visibilityProperty: true }) && element.closest('[inert]') === null;
  for (const selector of ['h1', 'main']) {
    const found = [...document.querySelectorAll(selector)].filter(shown).length;
    if (found !== 1) faults.push(`${found} of ${selector}`);
  }
  if (document.documentElement.lang === '') faults.push('no language');
  if (document.title === '') faults.push('no title');
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  if (new Set(ids).size !== ids.length) faults.push('an id twice');
  if (document.documentElement.scrollWidth > innerWidth) faults.push('wider than the screen');
  return faults;
}

/** Runs in the page. */
function controlFaults(target: number): string[] {
  const faults: string[] = [];
  const say = (element: Element): string =>
    `${element.tagName.toLowerCase()}.${element.className} "${(element.textContent ?? '').slice(0, 30)}"`;
  const hasRing = (element: Element | null): boolean =>
    element !== null &&
    getComputedStyle(element).outlineStyle !== 'none' &&
    Number.parseFloat(getComputedStyle(element).outlineWidth) > 0;
  for (const control of document.querySelectorAll<HTMLElement>('a, button, input, select, textarea')) {
    const shown =
      control.checkVisibility({ visibilityProperty: true }) && control.closest('[inert]') === null;
    if (!shown || control.classList.contains('unseen')) continue;
    const label = (control as HTMLInputElement).labels?.[0]?.textContent;
    const name = control.getAttribute('aria-label') ?? label ?? control.textContent ?? '';
    if (name.trim() === '') faults.push(`no name: ${say(control)}`);
    control.focus({ focusVisible: true } as FocusOptions);
    const { width, height } = control.getBoundingClientRect();
    if (width < target || height < target) faults.push(`small: ${say(control)} ${width}×${height}`);
    if (document.activeElement !== control) continue;
    if (!hasRing(control) && !hasRing(control.closest('.composer')))
      faults.push(`no visible focus: ${say(control)}`);
  }
  return faults;
}

/** Runs in the page. */
function contrastFaults(least: number): string[] {
  const faults: string[] = [];
  const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: number[]): number => {
    const [red = 0, green = 0, blue = 0] = color
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element: Element | null): number[] => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if ((color[3] ?? 1) === 1) return color;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (element === null || (node.textContent ?? '').trim() === '' || !element.checkVisibility()) continue;
    if (element.closest('.unseen, noscript, option, [inert], :disabled') !== null) continue;
    const lights = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))];
    const ratio = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
    if (ratio < least) faults.push(`contrast ${ratio.toFixed(1)}: "${node.textContent?.slice(0, 30)}"`);
  }
  return faults;
}
