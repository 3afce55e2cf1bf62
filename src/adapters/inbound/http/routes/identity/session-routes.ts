import { z } from 'zod';
import type { LoginSessionId } from '../../../../../domain/identity/ids.ts';
import type { LoginSession } from '../../../../../domain/identity/login-session.ts';
import { csrfTokenOf } from '../../csrf-token.ts';
import { defineRoute, type Route } from '../../route.ts';
import { loggedInUser } from '../acting-user.ts';
import {
  browserLoginAnswer,
  endedLoginsAnswer,
  loginListAnswer,
  messageAnswer,
  NO_STORE,
  userView,
  whoAnswer,
} from './answers.ts';
import { deviceOf } from './device-of.ts';
import { password, sessionPath, username } from './fields.ts';
import type { IdentityUseCases } from './identity-use-cases.ts';
import { peerOf } from './peer-of.ts';

type Uses = Pick<
  IdentityUseCases,
  'logInBrowser' | 'logOut' | 'readProfile' | 'listLogins' | 'endLogins' | 'cookies'
>;

/** A browser's login, and everybody's list of his own logins. */
export const sessionRoutes = (useCases: Uses): Route[] => [
  begin(useCases),
  who(useCases),
  end(useCases),
  list(useCases),
  endOne(useCases),
  endOthers(useCases),
];

const begin = ({ logInBrowser, cookies }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/auth/session',
    operationId: 'beginSession',
    summary: 'Log a browser in: a cookie, and the token that its pages show with every write',
    permission: 'public',
    credentialInBody: true,
    beginsCookie: true,
    confidential: true,
    body: z.object({ username, password }),
    answers: { 200: { description: 'You are logged in; Set-Cookie', schema: browserLoginAnswer } },
    refusals: [
      'credential.invalid',
      'login.throttled',
      'account.disabled',
      'account.password_lapsed',
      'permission.denied',
    ],
    async handle(request) {
      const { body, cookie, requestId } = request;
      const presented = cookie === undefined ? {} : { presentedSecret: cookie };
      const login = await logInBrowser.execute({ ...body, ...presented, peer: peerOf(request), requestId });
      const { headers, csrfToken } = cookies.handOut(login);
      return { status: 200, headers, body: { user: userView(login.user), csrfToken } };
    },
  });

const who = ({ readProfile }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/auth/session',
    operationId: 'getSession',
    summary: 'Who is logged in',
    permission: 'login.manage-own',
    beforePasswordChange: true,
    confidential: true,
    answers: { 200: { description: 'You', schema: whoAnswer } },
    async handle({ principal, cookie }) {
      const { userId } = loggedInUser(principal);
      const user = userView(await readProfile.execute({ userId }));
      const token = cookie === undefined ? {} : { csrfToken: csrfTokenOf(cookie) };
      return { status: 200, headers: NO_STORE, body: { user, ...token } };
    },
  });

const end = ({ logOut, cookies }: Uses): Route =>
  defineRoute({
    method: 'delete',
    path: '/api/auth/session',
    operationId: 'endSession',
    summary: 'Log out',
    permission: 'login.manage-own',
    beforePasswordChange: true,
    answers: { 200: { description: 'The login has ended', schema: messageAnswer } },
    async handle({ principal, cookie, requestId }) {
      await logOut.execute({ principal: loggedInUser(principal), everywhere: false, requestId });
      return { status: 200, headers: cookies.takeBack(cookie), body: { message: 'Logged out' } };
    },
  });

const list = ({ listLogins }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/auth/sessions',
    operationId: 'listLogins',
    summary: 'Your logins, newest first: device, address, last use',
    permission: 'login.manage-own',
    beforePasswordChange: true,
    answers: { 200: { description: 'Your logins', schema: loginListAnswer } },
    async handle({ principal }) {
      const { userId, loginSessionId } = loggedInUser(principal);
      const sessions = await listLogins.execute({ userId });
      const views = await Promise.all(sessions.map((session) => viewOf(session, loginSessionId)));
      return { status: 200, headers: NO_STORE, body: { sessions: views } };
    },
  });

const endOne = ({ endLogins, cookies }: Uses): Route =>
  defineRoute({
    method: 'delete',
    path: '/api/auth/sessions/:id',
    operationId: 'endLogin',
    summary: 'End one of your logins',
    permission: 'login.manage-own',
    beforePasswordChange: true,
    params: sessionPath,
    answers: { 200: { description: 'It has ended', schema: messageAnswer } },
    refusals: ['login.not_found'],
    async handle({ principal, cookie, params, requestId }) {
      const user = loggedInUser(principal);
      const which = params.id as LoginSessionId;
      await endLogins.execute({ principal: user, which, requestId });
      const own = which === user.loginSessionId ? cookie : undefined;
      return { status: 200, headers: cookies.takeBack(own), body: { message: 'The login has ended' } };
    },
  });

const endOthers = ({ endLogins }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/auth/sessions/end-others',
    operationId: 'endOtherLogins',
    summary: 'End all your logins but this one',
    permission: 'login.manage-own',
    beforePasswordChange: true,
    answers: { 200: { description: 'They have ended', schema: endedLoginsAnswer } },
    async handle({ principal, requestId }) {
      const ended = await endLogins.execute({
        principal: loggedInUser(principal),
        which: 'others',
        requestId,
      });
      return { status: 200, headers: NO_STORE, body: { message: 'Your other logins have ended', ended } };
    },
  });

async function viewOf(
  session: LoginSession,
  current: LoginSessionId,
): Promise<z.output<typeof loginListAnswer>['sessions'][number]> {
  const { id, kind, userAgent, address, createdAtMs, lastUsedAtMs, expiresAtMs, idleEndsAtMs } = session;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    id,
    current: id === current,
    kind,
    device: await deviceOf(userAgent),
    userAgent: userAgent ?? null,
    address: address ?? null,
    createdAt: iso(createdAtMs),
    lastUsedAt: iso(lastUsedAtMs),
    expiresAt: iso(Math.min(expiresAtMs, idleEndsAtMs ?? expiresAtMs)),
  };
}
