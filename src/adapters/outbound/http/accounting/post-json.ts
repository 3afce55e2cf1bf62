/** Largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 65_536;

/** Failures of the connection itself: the request cannot have reached anybody. */
const UNSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What became of a request. `unsent`: nobody has seen it. `unknown`: somebody may have, and acted on it. */
export type Exchange =
  | { readonly kind: 'answered'; readonly status: number; readonly json: unknown }
  | { readonly kind: 'unsent' | 'unknown'; readonly cause: unknown };

/** Posts JSON and reads a JSON answer; follows no redirect and never throws. */
export async function postJson(
  url: URL,
  body: unknown,
  options: { readonly bearer: string; readonly timeoutMs: number },
): Promise<Exchange> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${options.bearer}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    return { kind: 'answered', status: response.status, json: JSON.parse(await readText(response)) };
  } catch (cause) {
    return { kind: wasUnsent(cause) ? 'unsent' : 'unknown', cause };
  }
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function wasUnsent(error: unknown): boolean {
  const code = ((error as Error | undefined)?.cause as NodeJS.ErrnoException | undefined)?.code;
  return code !== undefined && UNSENT.has(code);
}
