import type { ApiClient, Credential } from './api-client.ts';
import { ProtocolFault } from './failures.ts';

/** Longest time for a good-bye, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Who has logged in. */
export interface LoggedInUser {
  readonly id: string;
  readonly username: string;
  readonly role: string;
}

/** Tokens of one login; the refresh token is used once only, as the server revokes a login that repeats one. */
export class Login implements Credential {
  readonly user: LoggedInUser;
  readonly #client: ApiClient;
  #accessToken: string;
  #refreshToken: string;
  #renewal: Promise<boolean> | undefined;

  private constructor(client: ApiClient, user: LoggedInUser, accessToken: string, refreshToken: string) {
    this.#client = client;
    this.user = user;
    this.#accessToken = accessToken;
    this.#refreshToken = refreshToken;
  }

  /**
   * Logs in.
   *
   * @throws Refused (401: unknown user or wrong password), Unreachable, ProtocolFault.
   */
  static async open(client: ApiClient, username: string, password: string): Promise<Login> {
    const request = { service: 'auth', path: '/api/auth/login', body: { username, password } } as const;
    const { body } = await client.call(request);
    const user = body.at('user');
    const id = user.text('id');
    const accessToken = body.text('accessToken');
    const refreshToken = body.text('refreshToken');
    if (id === undefined || accessToken === undefined || refreshToken === undefined) {
      throw new ProtocolFault('The auth service answered a login without tokens: is this a Holdfast server?');
    }
    const who = { id, username: user.text('username') ?? username, role: user.text('role') ?? '' };
    return new Login(client, who, accessToken, refreshToken);
  }

  token(): string {
    return this.#accessToken;
  }

  /** Requests that find their token ended at the same time share one renewal. */
  async renew(used: string): Promise<boolean> {
    if (used !== this.#accessToken) return true;
    this.#renewal ??= this.#rotate().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  /** Ends the login on the server; a server that has gone ends it by itself later. */
  async close(): Promise<void> {
    const request = {
      service: 'auth',
      path: '/api/auth/logout',
      body: { refreshToken: this.#refreshToken },
      signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS),
    } as const;
    await this.#client
      .as(this)
      .ask(request)
      .catch(() => undefined);
  }

  async #rotate(): Promise<boolean> {
    const request = {
      service: 'auth',
      path: '/api/auth/refresh',
      body: { refreshToken: this.#refreshToken },
    } as const;
    const { status, body } = await this.#client.ask(request);
    const accessToken = body.text('accessToken');
    const refreshToken = body.text('refreshToken');
    if (status !== 200 || accessToken === undefined || refreshToken === undefined) return false;
    this.#accessToken = accessToken;
    this.#refreshToken = refreshToken;
    return true;
  }
}
