import { safeText } from '../adapters/inbound/cli/client/safe-text.ts';
import { probeLocalUpstream } from '../adapters/outbound/openai/probe-local-upstream.ts';
import type { Config } from './config.ts';

/** Says on the console how to use a model server that answers on its usual local port; nothing uses it before. */
export async function hintAtLocalModel(config: Config): Promise<void> {
  if (config['model.url'] !== undefined || config.models.length > 0) return;
  const found = await probeLocalUpstream();
  if (found === undefined) return;
  const model = found.models[0] ?? 'NAME';
  process.stdout.write(
    `\nA model server answers at ${found.url}. To offer its model beside handbook, start with\n` +
      `  --model-url ${found.url} --model-id ${safeText(model)} --model-price CREDITS\n`,
  );
}
