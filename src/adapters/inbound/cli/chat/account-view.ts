import type { ApiClient } from '../client/api-client.ts';
import type { Json } from '../client/json.ts';

/** The models, one a line, with what they cost. */
export async function describeModels(client: ApiClient): Promise<string> {
  const { body } = await client.call({ service: 'chat', path: '/api/models' });
  const lines = body.at('models').items().map(modelLine);
  return lines.length === 0 ? 'There is no model.' : `Models:\n${lines.join('\n')}`;
}

/** What can be spent; somebody with an API key is told that he cannot see it. */
export async function describeBalance(client: ApiClient): Promise<string> {
  if (client.usesApiKey) return 'An API key shows no balance: credits take a login.';
  const { body } = await client.call({ service: 'accounting', path: '/api/credits/balance' });
  const held = body.number('heldCredits') ?? 0;
  const suffix = held > 0 ? ` (${held} more held by running answers)` : '';
  return `Balance: ${inCredits(body.number('availableCredits') ?? 0)}${suffix}`;
}

function modelLine(model: Json): string {
  const off = model.at('available').value === false ? ' (not available)' : '';
  const price = `${inCredits(model.number('creditCost'))} per 1,000 tokens`;
  const description = model.text('description') ?? '';
  const below = description === '' ? '' : `\n    ${description}`;
  return `  ${model.text('id') ?? '?'}${off} · ${price}${below}`;
}

const inCredits = (amount: number | undefined): string =>
  amount === 1 ? '1 credit' : `${amount ?? '?'} credits`;
