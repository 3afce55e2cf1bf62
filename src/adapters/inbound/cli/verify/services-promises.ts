import { Refused } from '../client/failures.ts';
import { Login } from '../client/login.ts';
import type { ServiceName } from '../client/service-urls.ts';
import { type AccountView, Actor, showCredits, toMicros } from './actor.ts';
import type { PromiseName } from './promise-name.ts';
import type { People, Stage, World } from './world.ts';

/** What the user is lent for the time of the verification, in credits. */
const LENT_CREDITS = 50;
/** Days after which a loan that nobody could take back ends by itself. */
const LOAN_DAYS = 1;

/** How somebody logs in. */
export interface Identity {
  readonly username: string;
  readonly password: string;
}

/** All three services say that they are well. */
export async function lookAtHealth({ client, verification }: World): Promise<void> {
  for (const service of ['auth', 'accounting', 'chat'] as const satisfies readonly ServiceName[]) {
    await verification.promise(`health.${service}`, '200 with status "ok"', async (see) => {
      const { status, body } = await client.ask({ service, path: '/health' });
      see(status === 200 && body.text('status') === 'ok', `${status} with status "${body.text('status')}"`);
    });
  }
}

/** The user and the admin can log in. */
export async function logIn(world: World, names: { user: Identity; admin: Identity }): Promise<People> {
  const enter = (name: PromiseName, who: Identity, role?: string): Promise<Actor> =>
    world.verification.promise(name, `a login of ${who.username} with an access token`, async (see) => {
      try {
        const login = await Login.open(world.client, who.username, who.password);
        world.verification.atEnd(`the login of ${who.username}`, () => login.close());
        see(
          role === undefined || login.user.role === role,
          `a token for a person with role ${login.user.role}`,
        );
        return new Actor(world.client, login, world.io);
      } catch (error) {
        if (error instanceof Refused) see(false, `${error.status}: ${error.message}`);
        throw error;
      }
    });
  return {
    user: await enter('login.user', names.user),
    admin: await enter('login.admin', names.admin, 'admin'),
  };
}

/** The admin lends the user credit, the user makes a chat and sees the models and the balance. */
export async function setTheStage(world: World, people: People): Promise<Stage> {
  const { user, admin } = people;
  const before = await user.account();
  world.verification.atEnd('the credit lent to the user', () => takeBack(people, before));
  await world.verification.promise(
    'credit.allocated',
    `201, and ${LENT_CREDITS} credits more`,
    async (see) => {
      const answer = await lend(admin, user.userId, LENT_CREDITS);
      see(answer.status === 201, `${answer.status}`);
      const gained = (await user.account()).available - before.available;
      see(gained === toMicros(LENT_CREDITS), `201, and ${showCredits(gained)} more`);
    },
  );
  const chatId = await world.verification.promise('chat.created', '201 with a sessionId', async (see) => {
    const request = {
      service: 'chat',
      path: '/api/chat/sessions',
      body: { title: 'verify', source: 'verify' },
    };
    const { status, body } = await user.client.ask({ ...request, service: 'chat' });
    const id = body.text('sessionId') ?? '';
    see(status === 201 && id !== '', `${status} with sessionId ${JSON.stringify(id)}`);
    return id;
  });
  world.verification.atEnd('the chat', () => user.deleteChat(chatId));
  const models = await world.verification.promise(
    'models.listed',
    'at least one model with its price',
    async (see) => {
      const { status, body } = await user.client.ask({ service: 'chat', path: '/api/models' });
      const found = body.at('models').items();
      const isPriced = found.every((model) => model.text('id') && model.number('creditCost') !== undefined);
      see(status === 200 && found.length > 0 && isPriced, `${status} with ${found.length} models`);
      return found;
    },
  );
  await world.verification.promise('balance.read', 'a balance that covers a stream', async (see) => {
    const { available, held } = await user.account();
    see(available > 0 && held >= 0, `${showCredits(available)} available, ${showCredits(held)} held`);
  });
  return { ...people, chatId, heldBefore: before.held, models };
}

/** Grants credit as the admin. */
export const lend = (admin: Actor, userId: string, credits: number) =>
  admin.client.ask({
    service: 'accounting',
    path: '/api/credits/allocate',
    body: { userId, credits, expiryDays: LOAN_DAYS, notes: 'holdfast verify' },
  });

/** Removes what is left of a loan, so that the verification neither gives nor costs anything. */
async function takeBack({ user, admin }: People, before: AccountView): Promise<void> {
  const now = await user.settledAccount(before.held);
  const surplus = now.available - before.available;
  if (surplus > 0) {
    const body = { userId: user.userId, credits: surplus / toMicros(1), notes: 'holdfast verify' };
    await admin.client.call({ service: 'accounting', path: '/api/credits/remove', body });
  }
  const { available, held } = await user.account();
  if (available > before.available || held > before.held) {
    throw new Error(`${showCredits(available)} available and ${showCredits(held)} held are too much`);
  }
}
