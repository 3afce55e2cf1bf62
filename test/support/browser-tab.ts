import type { Answer } from './api-client.ts';

/** What a test sends that no page of ours would, or leaves out. */
export interface Oddities {
  readonly cookie?: string;
  readonly csrfToken?: string;
  readonly origin?: string;
  /** Sent as they are, and win over everything else; an empty text leaves a header out. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A page of ours in a browser, as the server sees it: keeps the cookie and shows the token with every write. */
export class BrowserTab {
  readonly origin: string;
  /** `name=value` as the browser sends it; undefined while it has none. */
  cookie: string | undefined;
  csrfToken = '';
  /** The last `Set-Cookie` that came. */
  setCookie: string | undefined;

  constructor(origin: string) {
    this.origin = origin;
  }

  /** The secret in the cookie. */
  get secret(): string {
    return this.cookie?.split('=')[1] ?? '';
  }

  logIn(username: string, password = `password of ${username}`): Promise<Answer> {
    return this.send('POST', '/api/auth/session', { username, password });
  }

  async send(method: string, path: string, body?: unknown, odd: Oddities = {}): Promise<Answer> {
    const isWrite = method !== 'GET';
    const cookie = odd.cookie ?? this.cookie;
    const sent: Record<string, string> = {
      ...(isWrite
        ? { origin: odd.origin ?? this.origin, 'x-csrf-token': odd.csrfToken ?? this.csrfToken }
        : {}),
      ...(cookie === undefined ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...odd.headers,
    };
    const headers = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== ''));
    const answer = await fetch(new URL(path, this.origin), {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    const read = isJson ? JSON.parse(text) : text;
    this.#keep(answer.headers.getSetCookie(), read);
    return { status: answer.status, headers: answer.headers, body: read };
  }

  #keep([line, ...more]: readonly string[], body: unknown): void {
    if (more.length > 0) throw new Error('more than one Set-Cookie came');
    const token = (body as { csrfToken?: unknown } | undefined)?.csrfToken;
    if (typeof token === 'string') this.csrfToken = token;
    if (line === undefined) return;
    this.setCookie = line;
    this.cookie = line.includes('Max-Age=0') ? undefined : line.split(';')[0];
  }
}
