/** What is said of a device that does not say what it is. */
const UNKNOWN = 'Unknown device';
/** Longest name of a program that is shown as it named itself, in UTF-16 code units. */
const MAX_PROGRAM_LENGTH = 40;

/**
 * What a user agent says it is, in words for its owner, such as `Firefox 140 on Linux`. Anybody may write anything there:
 * it helps to tell one's own devices apart and proves nothing. The library is loaded when it is first asked.
 */
export async function deviceOf(userAgent: string | undefined): Promise<string> {
  if (userAgent === undefined || userAgent === '') return UNKNOWN;
  const { parse } = await import('bowser');
  const { browser, os } = parse(userAgent);
  const major = browser.version?.split('.')[0];
  if (browser.name === undefined || browser.name === '' || os.name === undefined) {
    return programOf(userAgent) ?? UNKNOWN;
  }
  return `${browser.name}${major === undefined ? '' : ` ${major}`} on ${os.name}`;
}

/** The product with which a program that is no browser names itself (RFC 9110, section 10.1.5). */
const programOf = (userAgent: string): string | undefined =>
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+/.exec(userAgent)?.[0].slice(0, MAX_PROGRAM_LENGTH);
