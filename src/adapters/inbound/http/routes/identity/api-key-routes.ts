import { z } from 'zod';
import {
  API_KEY_SCOPES,
  MAX_CONTROL_KEYS,
  MAX_KEY_NAME_CHARACTERS,
  MAX_KEYS_PER_USER,
} from '../../../../../domain/identity/api-key.ts';
import { isApiKeyId } from '../../../../../domain/identity/api-key-text.ts';
import { permits } from '../../../../../domain/identity/permission.ts';
import { networkOf } from '../../network-of.ts';
import { defineRoute, type Route } from '../../route.ts';
import { loggedInUser } from '../acting-user.ts';
import { atMostCharacters } from '../limited-text.ts';
import { apiKeyView, listedKeysAnswer, messageAnswer, mintedKeyAnswer, NO_STORE } from './answers.ts';
import { password } from './fields.ts';
import type { IdentityUseCases } from './identity-use-cases.ts';

type Uses = Pick<IdentityUseCases, 'mintApiKey' | 'listApiKeys' | 'revokeApiKey'>;

/** Longest name of an agent profile that is looked at, in characters. */
const MAX_AGENT_LENGTH = 100;

/** One's own API keys, and for admins those of agents. */
export const apiKeyRoutes = (useCases: Uses): Route[] => [mint(useCases), list(useCases), revoke(useCases)];

const mint = ({ mintApiKey }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/keys',
    operationId: 'mintApiKey',
    summary: 'Make an API key; it is shown this once',
    permission: 'key.manage-own',
    confidential: true,
    body: z.object({
      name: atMostCharacters(MAX_KEY_NAME_CHARACTERS, z.string().min(1)),
      scopes: z
        .array(z.enum(API_KEY_SCOPES))
        .min(1)
        .max(API_KEY_SCOPES.length)
        .describe(
          'At most what your role may do; control stands alone or with mux, and is for admins to give',
        ),
      agent: z
        .string()
        .min(1)
        .max(MAX_AGENT_LENGTH)
        .describe('The agent that a control key is for')
        .optional(),
      expiresAt: z.iso.datetime({ offset: true }).describe('It lasts until it is revoked without').optional(),
      password: password.describe('Yours, again'),
    }),
    answers: { 201: { description: 'The key is made', schema: mintedKeyAnswer } },
    refusals: ['credential.invalid', 'login.throttled', 'permission.denied', 'api_key.limit_reached'],
    async handle({ principal, body, address, requestId }) {
      const { name, scopes, agent, expiresAt } = body;
      const { apiKey, key } = await mintApiKey.execute({
        principal: loggedInUser(principal),
        draft: {
          name,
          scopes,
          ...(agent === undefined ? {} : { agent }),
          ...(expiresAt === undefined ? {} : { expiresAtMs: Date.parse(expiresAt) }),
        },
        password: body.password,
        network: networkOf(address),
        requestId,
      });
      return { status: 201, headers: NO_STORE, body: { ...apiKeyView(apiKey), key } };
    },
  });

const list = ({ listApiKeys }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/keys',
    operationId: 'listApiKeys',
    summary: 'Your live API keys, and for admins those of agents, newest first',
    permission: 'key.manage-own',
    answers: {
      200: {
        description: `At most ${MAX_KEYS_PER_USER} of your own and ${MAX_CONTROL_KEYS} of agents, without the keys themselves`,
        schema: listedKeysAnswer,
      },
    },
    async handle({ principal }) {
      const { userId } = loggedInUser(principal);
      const withControl = permits(principal, 'key.manage-control');
      const keys = await listApiKeys.execute({ ownerId: userId, withControl });
      return { status: 200, headers: NO_STORE, body: { keys: keys.map(apiKeyView) } };
    },
  });

const revoke = ({ revokeApiKey }: Uses): Route =>
  defineRoute({
    method: 'delete',
    path: '/api/keys/:id',
    operationId: 'revokeApiKey',
    summary: 'End an API key and whatever is open by it',
    permission: 'key.manage-own',
    params: z.object({ id: z.string().refine(isApiKeyId, 'must have the form of an API key id') }),
    answers: { 200: { description: 'It has ended', schema: messageAnswer } },
    refusals: ['api_key.not_found'],
    async handle({ principal, params, requestId }) {
      const { userId } = loggedInUser(principal);
      const by = { userId, managesControl: permits(principal, 'key.manage-control') };
      await revokeApiKey.execute({ id: params.id, by, requestId });
      return { status: 200, body: { message: 'API key revoked' } };
    },
  });
