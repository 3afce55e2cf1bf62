import type { AgentPolicy } from '../../../../../application/control/change-policy.ts';
import { agentPolicyOf } from '../../../../../application/control/change-policy.ts';
import type { PolicyBook } from '../../../../../domain/control/policy-book.ts';
import { defineRoute, type Route } from '../../route.ts';
import { loggedInUser } from '../acting-user.ts';
import * as answers from './answers.ts';
import type { ControlUseCases } from './control-use-cases.ts';
import { agentPath, policyBody } from './fields.ts';

type Uses = Pick<ControlUseCases, 'changePolicy'>;

/** What becomes of agents' events. */
export const policyRoutes = (useCases: Uses): Route[] => [
  read(useCases),
  write(useCases),
  readOne(useCases),
  writeOne(useCases),
  removeOne(useCases),
];

const read = ({ changePolicy }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/settings/policy',
    operationId: 'readPolicy',
    summary: 'The policy of all agents, and which of them have their own',
    permission: 'control.review',
    answers: { 200: { description: 'The policy', schema: answers.policy } },
    handle: async () => ({ status: 200, body: bookView(await changePolicy.read()) }),
  });

const write = ({ changePolicy }: Uses): Route =>
  defineRoute({
    method: 'put',
    path: '/api/settings/policy',
    operationId: 'changePolicy',
    summary: 'Change the policy of all agents; those that are connected hear of it at once',
    permission: 'control.manage',
    body: policyBody,
    answers: { 200: { description: 'The policy as it holds now', schema: answers.policy } },
    handle: async ({ principal, body, requestId }) => {
      const by = loggedInUser(principal).userId;
      return { status: 200, body: bookView(await changePolicy.execute({ policy: body, by, requestId })) };
    },
  });

const readOne = ({ changePolicy }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/settings/policy/agents/:agentId',
    operationId: 'readAgentPolicy',
    summary: 'The policy that an agent goes by',
    permission: 'control.review',
    params: agentPath,
    answers: { 200: { description: 'The policy', schema: answers.agentPolicy } },
    handle: async ({ params: { agentId } }) => ({
      status: 200,
      body: agentView(agentId, await changePolicy.readOf(agentId)),
    }),
  });

const writeOne = ({ changePolicy }: Uses): Route =>
  defineRoute({
    method: 'put',
    path: '/api/settings/policy/agents/:agentId',
    operationId: 'changeAgentPolicy',
    summary: 'Give an agent a policy of its own',
    permission: 'control.manage',
    params: agentPath,
    body: policyBody,
    answers: { 200: { description: 'The policy as it holds now', schema: answers.agentPolicy } },
    handle: async ({ principal, params: { agentId }, body, requestId }) => {
      const by = loggedInUser(principal).userId;
      const book = await changePolicy.execute({ agentId, policy: body, by, requestId });
      return { status: 200, body: agentView(agentId, agentPolicyOf(book, agentId)) };
    },
  });

const removeOne = ({ changePolicy }: Uses): Route =>
  defineRoute({
    method: 'delete',
    path: '/api/settings/policy/agents/:agentId',
    operationId: 'removeAgentPolicy',
    summary: 'Let an agent go by the policy of all again',
    permission: 'control.manage',
    params: agentPath,
    answers: { 200: { description: 'The policy that it goes by now', schema: answers.agentPolicy } },
    handle: async ({ principal, params: { agentId }, requestId }) => {
      const by = loggedInUser(principal).userId;
      const book = await changePolicy.execute({ agentId, by, requestId });
      return { status: 200, body: agentView(agentId, agentPolicyOf(book, agentId)) };
    },
  });

const bookView = ({ policy, version, overrides }: PolicyBook) => ({
  ...policy,
  version,
  agents: Object.keys(overrides).sort(),
});

const agentView = (agentId: string, { policy, isOwn }: AgentPolicy) => ({ ...policy, agentId, isOwn });
