/** Longest sentence of the server that is shown, in UTF-16 code units. */
const MAX_SENTENCE = 500;

/** A request that was not answered as asked: the server's problem (RFC 9457), or its absence. */
export class ApiProblem extends Error {
  /** @override */
  name = 'ApiProblem';

  /**
   * @param {object} facts
   * @param {number} facts.status 0 when no answer came
   * @param {string} facts.code
   * @param {string} facts.message a sentence
   * @param {number} [facts.retryAfterMs]
   */
  constructor({ status, code, message, retryAfterMs = 0 }) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may succeed in a while. */
  get passes() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The problem that a refusing response tells. @param {Response} response */
export async function problemOf(response) {
  const body = await response.json().catch(() => undefined);
  const sentence =
    typeof body?.message === 'string' ? body.message : `The server answered ${response.status}`;
  const code = typeof body?.code === 'string' ? body.code : '';
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : 0;
  return new ApiProblem({
    status: response.status,
    code,
    message: sentence.slice(0, MAX_SENTENCE),
    retryAfterMs,
  });
}

/**
 * Talks to the server of this page. The cookie goes along by itself; writes carry the token that only pages of this
 * origin can read.
 */
export class ApiClient {
  #csrfToken = '';
  #onLoggedOut;

  /** @param {{ onLoggedOut: () => void }} deps called when an answer says that nobody is logged in (any more) */
  constructor({ onLoggedOut }) {
    this.#onLoggedOut = onLoggedOut;
  }

  /**
   * Who is logged in.
   *
   * @returns {Promise<User | undefined>}
   * @throws {ApiProblem}
   */
  async session() {
    const response = await this.#send('GET', '/api/auth/session', {});
    if (response.status === 401) return undefined;
    return this.#enter(response);
  }

  /**
   * @param {string} username
   * @param {string} password
   * @returns {Promise<User>}
   * @throws {ApiProblem}
   */
  async logIn(username, password) {
    return this.#enter(await this.#send('POST', '/api/auth/session', { body: { username, password } }));
  }

  /** Ends the login. @throws {ApiProblem} */
  async logOut() {
    const response = await this.#write('DELETE', '/api/auth/session', {});
    if (!response.ok && response.status !== 401) throw await problemOf(response);
    this.#csrfToken = '';
  }

  /**
   * @param {'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>} the answer's JSON, whose form the server's document gives
   * @throws {ApiProblem}
   */
  async call(method, path, body) {
    const response = await this.open(method, path, { body });
    if (!response.ok) throw await problemOf(response);
    return response.status === 204 ? undefined : response.json();
  }

  /**
   * A response as it comes, of any status.
   *
   * @param {'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} method
   * @param {string} path
   * @param {{ body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} options
   * @throws {ApiProblem} with status 0 when no answer came; the signal's reason
   */
  async open(method, path, options) {
    const response =
      method === 'GET' ? await this.#send(method, path, options) : await this.#write(method, path, options);
    if (response.status === 401) this.#onLoggedOut();
    return response;
  }

  /**
   * A write. A token that another tab's login or change of password has replaced is fetched anew, once.
   *
   * @param {string} method
   * @param {string} path
   * @param {{ body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} options
   */
  async #write(method, path, options) {
    const response = await this.#send(method, path, options);
    if (response.status !== 403) return response;
    const { code } = await problemOf(response.clone());
    if (!code.includes('csrf') || (await this.session()) === undefined) return response;
    return this.#send(method, path, options);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} options
   */
  async #send(method, path, { body, headers = {}, signal }) {
    /** @type {RequestInit} */
    const init = {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(method === 'GET' || this.#csrfToken === '' ? {} : { 'X-CSRF-Token': this.#csrfToken }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      return await fetch(path, init);
    } catch (error) {
      signal?.throwIfAborted();
      const message = 'The server cannot be reached. What you have is kept; try again in a moment.';
      throw Object.assign(new ApiProblem({ status: 0, code: 'network', message }), { cause: error });
    }
  }

  /** @param {Response} response */
  async #enter(response) {
    if (!response.ok) throw await problemOf(response);
    const { user, csrfToken } = await response.json();
    this.#csrfToken = String(csrfToken);
    return /** @type {User} */ (user);
  }
}

/**
 * @typedef {object} User
 * @property {string} id
 * @property {string} username
 * @property {string} role
 * @property {boolean} [mustChangePassword]
 */
