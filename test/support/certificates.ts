import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate and its key, as PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A day, in milliseconds. */
const DAY_MS = 86_400_000;

/** A certificate for localhost, a name and addresses; signed by itself unless a CA signs it. */
export async function certificate(
  options: {
    readonly name?: string;
    readonly addresses?: readonly string[];
    readonly ca?: Pair;
    readonly isCa?: boolean;
    /** Days from today between which it holds. */
    readonly days?: readonly [number, number];
  } = {},
): Promise<Pair> {
  const { name = 'holdfast.example', addresses = ['127.0.0.1'], ca, isCa = false, days = [-1, 30] } = options;
  const at = (day: number): Date => new Date(Date.now() + day * DAY_MS);
  const dnsNames = ['localhost', name].map((value) => ({ type: 2, value }) as const);
  const ips = addresses.map((ip) => ({ type: 7, ip }) as const);
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: at(days[0]),
    notAfterDate: at(days[1]),
    ...(ca === undefined ? {} : { ca }),
    extensions: isCa
      ? [
          { name: 'basicConstraints', cA: true, critical: true },
          { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
        ]
      : [
          { name: 'basicConstraints', cA: false },
          { name: 'subjectAltName', altNames: [...dnsNames, ...ips] },
        ],
  });
  return { cert: made.cert, key: made.private };
}

/** A CA of one's own, and what it signs. */
export async function privateCa(): Promise<{ readonly ca: Pair; sign(): Promise<Pair> }> {
  const ca = await certificate({ name: 'Private CA', isCa: true });
  return { ca, sign: () => certificate({ ca }) };
}

/** Writes a pair into a folder, the key for its owner alone; returns where. */
export function writePair(folder: string, { cert, key }: Pair, name = 'server'): Pair {
  const paths = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  writeFileSync(paths.cert, cert);
  writeFileSync(paths.key, key, { mode: 0o600 });
  return paths;
}
