import { randomUUID } from 'node:crypto';
import { type Asked, type MemoryRoute, problem, type Told } from './asked.ts';

const MICROS = 1_000_000;

const tokensFor = ({ state, lies }: Asked, user: Asked['user']): Told => {
  const accessToken = randomUUID();
  state.tokens.set(accessToken, user);
  const refreshToken = randomUUID();
  state.refreshTokens.set(refreshToken, user);
  const { id, username } = user;
  const role = lies('takes the admin for a user') ? 'user' : user.role;
  return { status: 200, body: { accessToken, refreshToken, user: { id, username, role } } };
};

const health = ({ state, lies }: Asked): Told => {
  state.healthLooks += 1;
  const isIll =
    lies('says that it is not well') ||
    (lies('is ill at the second look') && state.healthLooks === 2) ||
    (lies('is ill at the third look') && state.healthLooks === 3);
  return { status: 200, body: { status: isIll ? 'ill' : 'ok' } };
};

const login = (asked: Asked): Told => {
  const user = asked.state.userNamed(String(asked.body.username));
  const isRight = user !== undefined && user.password === asked.body.password;
  if (!isRight || asked.lies('logs nobody in')) {
    return problem(401, 'credential.invalid', 'The username or the password is wrong');
  }
  return tokensFor(asked, user);
};

/** A refresh token is good for one use. */
const refresh = (asked: Asked): Told => {
  const used = String(asked.body.refreshToken);
  const user = asked.state.refreshTokens.get(used);
  asked.state.refreshTokens.delete(used);
  return user ? tokensFor(asked, user) : problem(401, 'credential.reused', 'This login has ended');
};

const signup = ({ state, body, lies }: Asked): Told => {
  if (lies('signs nobody up')) return problem(403, 'permission.denied', 'Nobody may sign up');
  const user = state.addUser(String(body.username), String(body.password), 'user', 0);
  return { status: 201, body: { userId: user.id, message: 'Signed up' } };
};

const allocate = ({ state, body, user, lies }: Asked): Told => {
  if (user.role !== 'admin') return problem(403, 'permission.denied', 'You may not do this');
  const target = state.userNamed(String(body.userId));
  if (target === undefined) return problem(404, 'user.not_found', 'No such user');
  const granted = Number(body.credits) * MICROS;
  target.available += lies('grants less than it says') ? granted - 1 : granted;
  return { status: 201, body: { id: randomUUID(), userId: target.id, totalCredits: body.credits } };
};

const remove = ({ state, body, user, lies }: Asked): Told => {
  if (user.role !== 'admin') return problem(403, 'permission.denied', 'You may not do this');
  const target = state.userNamed(String(body.userId));
  if (target === undefined) return problem(404, 'user.not_found', 'No such user');
  if (!lies('takes no loan back')) target.available -= Math.round(Number(body.credits) * MICROS);
  return { status: 200, body: { userId: target.id, newCredits: target.available / MICROS } };
};

const deleteUser = ({ state, params, lies }: Asked): Told => {
  if (lies('keeps a deleted user')) return problem(409, 'account.last_admin', 'He stays');
  state.users.delete(params[0] ?? '');
  return { status: 200, body: { message: 'Deleted' } };
};

/** Auth and accounting. */
export const accountRoutes: readonly MemoryRoute[] = [
  [/^GET \/health$/, health],
  [/^POST \/api\/auth\/login$/, login],
  [/^POST \/api\/auth\/refresh$/, refresh],
  [/^POST \/api\/auth\/signup$/, signup],
  [/^POST \/api\/auth\/logout$/, () => ({ status: 200, body: { message: 'Logged out' } })],
  [/^DELETE \/api\/admin\/users\/([^/]+)$/, deleteUser],
  [/^POST \/api\/credits\/allocate$/, allocate],
  [/^POST \/api\/credits\/remove$/, remove],
  [
    /^GET \/api\/credits\/balance$/,
    ({ state, user, lies }) => ({
      status: 200,
      body: {
        availableCredits:
          lies('shows no available credit') && state.chats.size > 0 ? 0 : user.available / MICROS,
        heldCredits: user.held / MICROS,
      },
    }),
  ],
  [
    /^GET \/api\/usage\/stats$/,
    ({ user }) => ({
      status: 200,
      body: { totalCredits: user.usedMicros / MICROS, totalRecords: user.usageRecords },
    }),
  ],
];
