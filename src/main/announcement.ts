import type { FirstAccount } from '../domain/identity/demo-accounts.ts';
import type { Listening } from './listen.ts';
import { VERSION } from './version.ts';

/** The address that the commands try when nobody names one. */
const DEFAULT_CHAT_URL = 'http://127.0.0.1:3002';
/** The folder that the commands look into when nobody names one. */
const DEFAULT_DATA = './data';
/** Addresses on which a server is reached by whatever the machine is called. */
const EVERYWHERE = ['0.0.0.0', '[::]'];

/** What the console says once everything listens: where, as whom, and what to type next. */
export function announcement(facts: {
  readonly listening: readonly Listening[];
  readonly accounts: { readonly generated?: FirstAccount; readonly demo: readonly FirstAccount[] };
  /** What each demo account has been given; 0 where another process keeps the credits. */
  readonly demoCredits: number;
  /** The data folder, as it was named. */
  readonly data: string;
  /** Names under which the server is reached: the certificate of one that speaks https is good for them. */
  readonly publicUrl?: readonly URL[];
  /** The file of private CAs, which the commands need as well. */
  readonly 'tls.caFile'?: string | undefined;
  /** Where the other services run, for a chat that runs alone. */
  readonly authUrl?: URL | undefined;
  readonly accountingUrl?: URL | undefined;
}): string {
  const { listening, accounts } = facts;
  const lines = [`Holdfast ${VERSION} is ready.`, ''];
  const page = pageOf(facts);
  if (page !== undefined) lines.push('Open its page in a browser:', `  ${page}`, '');
  for (const { service, url } of listening) lines.push(`  ${service.padEnd(11)} ${url}`);
  if (accounts.demo.length > 0) {
    lines.push('', 'Demo accounts with known passwords, for this machine alone:');
    for (const { username, password } of accounts.demo) lines.push(`  ${username.padEnd(11)} ${password}`);
    if (facts.demoCredits > 0)
      lines.push(`Each of them has been given ${facts.demoCredits} credits to begin with.`);
  }
  if (accounts.generated !== undefined) {
    lines.push(
      '',
      'The first account. Its password is shown this once, lapses after 24 hours and must be changed at the first login:',
      `  ${accounts.generated.username.padEnd(11)} ${accounts.generated.password}`,
    );
  }
  const next = nextSteps(facts);
  if (next.length > 0)
    lines.push(
      '',
      page === undefined ? 'Type next, in another terminal:' : 'Or type, in another terminal:',
      ...next.map((step) => `  ${step}`),
    );
  return `${lines.join('\n')}\n`;
}

/** Where the page is; a chat that runs alone has one only behind what puts all services under one name. */
function pageOf({ listening, publicUrl }: Parameters<typeof announcement>[0]): string | undefined {
  const chat = listening.find(({ service }) => service === 'chat');
  if (chat === undefined || !listening.some(({ service }) => service === 'auth')) return undefined;
  return `${nameOf(chat, publicUrl)}/`;
}

function nextSteps(facts: Parameters<typeof announcement>[0]): string[] {
  const { listening, accounts, data } = facts;
  const steps: string[] = [];
  if (accounts.generated !== undefined) {
    const folder = data === DEFAULT_DATA ? '' : ` --data ${data}`;
    steps.push(`npx holdfast user password ${accounts.generated.username}${folder}`);
  }
  const chat = listening.find(({ service }) => service === 'chat');
  if (chat === undefined) return steps;
  const trust = facts['tls.caFile'] === undefined ? '' : ` --ca-file ${facts['tls.caFile']}`;
  if (facts.authUrl !== undefined && facts.accountingUrl !== undefined) {
    const [auth, accounting] = [facts.authUrl.origin, facts.accountingUrl.origin];
    const parts = `--auth ${auth} --accounting ${accounting} --chat ${nameOf(chat, facts.publicUrl)}`;
    steps.push(`npx holdfast chat ${parts}${trust} --user NAME`);
    return steps;
  }
  const url = nameOf(chat, facts.publicUrl);
  const where = url === DEFAULT_CHAT_URL ? '' : ` --url ${url}${trust}`;
  const who = accounts.demo.length > 0 ? '' : ' --user admin';
  return [...steps, `npx holdfast chat${where}${who}`];
}

/**
 * How a client calls the service: by https under the name that its certificate was made for, and one that listens
 * everywhere, which is nobody's name, under its public one.
 */
function nameOf({ url }: Listening, publicUrl: readonly URL[] = []): string {
  const { protocol, hostname } = new URL(url);
  const isSecure = protocol === 'https:';
  if (!isSecure && !EVERYWHERE.includes(hostname)) return url;
  const name =
    publicUrl.find(({ protocol }) => protocol === 'https:') ?? (isSecure ? undefined : publicUrl[0]);
  return name?.origin ?? url;
}
