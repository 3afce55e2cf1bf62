import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

/** Ports on which local model servers usually listen: Ollama, llama.cpp, LM Studio. */
const USUAL_PORTS: readonly number[] = [11_434, 8_080, 1_234];
/** How long a server may take to list its models, in milliseconds. */
const PROBE_MS = 300;
/** Longest list that is read, in bytes. */
const MAX_LIST_BYTES = 65_536;
/** Most models that are named. */
const MAX_NAMES = 5;

/** A model server found on this machine. */
export interface LocalUpstream {
  /** Its base URL, as the configuration wants it. */
  readonly url: string;
  /** Some of its models, by the names that it knows them by. */
  readonly models: readonly string[];
}

/**
 * Looks for an OpenAI-compatible server on loopback, for a hint to the operator: what it finds is never used
 * before he names it. A port where nothing, or something else, answers is passed over.
 */
export async function probeLocalUpstream(
  ports: readonly number[] = USUAL_PORTS,
): Promise<LocalUpstream | undefined> {
  const found = await Promise.all(
    ports.map((port) => modelsAt(`http://127.0.0.1:${port}/v1`).catch(() => undefined)),
  );
  return found.find((upstream) => upstream !== undefined);
}

async function modelsAt(url: string): Promise<LocalUpstream | undefined> {
  const request = get(`${url}/models`, { agent: false, signal: AbortSignal.timeout(PROBE_MS) });
  // The time limit may strike after the response has begun; unheard, that would end the process.
  request.on('error', () => undefined);
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) return undefined;
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const bytes of response as AsyncIterable<Uint8Array>) {
      parts.push(bytes);
      length += bytes.length;
      if (length > MAX_LIST_BYTES) return undefined;
    }
    const models = namesIn(JSON.parse(Buffer.concat(parts).toString('utf8')));
    return models.length === 0 ? undefined : { url, models };
  } finally {
    request.destroy();
  }
}

/** Only names that can be shown on a console as they are. */
function namesIn(list: { data?: unknown } | null): readonly string[] {
  const models: unknown[] = Array.isArray(list?.data) ? list.data : [];
  return models
    .map((model) => (model as { id?: unknown } | null)?.id)
    .filter((id): id is string => typeof id === 'string' && /^[\w./:@+-]{1,100}$/.test(id))
    .slice(0, MAX_NAMES);
}
