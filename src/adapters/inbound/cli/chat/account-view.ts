import type { ApiClient } from '../client/api-client.ts';
import type { Json } from '../client/json.ts';

/** The models, one a line, with what they cost. */
export async function describeModels(client: ApiClient): Promise<string> {
  const { body } = await client.call({ service: 'chat', path: '/api/models' });
  const lines = body.at('models').items().map(modelLine);
  return lines.length === 0 ? 'There is no model.' : `Models:\n${lines.join('\n')}`;
}

/** What can be spent. */
export async function describeBalance(client: ApiClient): Promise<string> {
  const { body } = await client.call({ service: 'accounting', path: '/api/credits/balance' });
  const held = body.number('heldCredits') ?? 0;
  const suffix = held > 0 ? ` (${held} more held by running answers)` : '';
  return `Balance: ${body.number('availableCredits') ?? 0} credits${suffix}`;
}

function modelLine(model: Json): string {
  const off = model.at('available').value === false ? ' (not available)' : '';
  const price = `${model.number('creditCost') ?? '?'} credits per 1,000 tokens`;
  return `  ${model.text('id') ?? '?'}${off}: ${model.text('description') ?? ''} · ${price}`;
}
