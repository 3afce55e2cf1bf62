import type { Readable } from 'node:stream';
import type { ClassifiedEvent, Finding } from '../../../../application/ports/control/event-classifier.ts';
import { severityOf } from '../../../../domain/control/mad-code.ts';
import type { CommandIo } from '../client/command-io.ts';
import { EXIT } from '../client/exit-code.ts';
import { Interrupted, UsageError } from '../client/failures.ts';
import { safeText } from '../client/safe-text.ts';
import { Terminal } from '../client/terminal.ts';

/** Largest event on stdin, in bytes: the wire's largest message, in JSON. */
const MAX_INPUT_BYTES = 8_388_608;
/** The least severity that whoever is responsible would want to be asked about. */
const DANGEROUS = 3;

/** A finding, and what led to it. */
interface Explained {
  readonly finding: Finding;
  readonly origin?: string;
  readonly place?: string;
  readonly tool?: string;
}

/** What `holdfast classify` is given. */
export interface ClassifyParts {
  /** Makes an event of parsed JSON; throws UsageError when it is none. */
  readonly read: (json: unknown) => ClassifiedEvent;
  readonly explain: (event: ClassifiedEvent, signal: AbortSignal) => Promise<Explained>;
  /** One JSON document on stdout. */
  readonly json: boolean;
  readonly io: CommandIo;
}

/**
 * `holdfast classify`: says of one event, as JSON on stdin, how dangerous it is and which rule says so.
 *
 * @returns the exit code: 0 benign or worth telling, 1 dangerous or not to be classified, 130 interrupted.
 * @throws UsageError when stdin holds no event.
 */
export async function runClassify({ read, explain, json, io }: ClassifyParts): Promise<number> {
  const terminal = new Terminal(io);
  if (io.stdin.isTTY === true) terminal.say('Reads one event as JSON from here; Ctrl-D ends it.');
  const interrupted = new AbortController();
  const forget = io.onInterrupt(() => interrupted.abort());
  try {
    const event = read(parsed(await textOf(io.stdin, interrupted.signal)));
    const explained = await explain(event, interrupted.signal);
    if (interrupted.signal.aborted) return EXIT.interrupted;
    await terminal.show(json ? `${JSON.stringify(documentOf(explained))}\n` : sentencesOf(explained));
    const { finding } = explained;
    return finding.kind === 'classified' && severityOf(finding.code) < DANGEROUS ? EXIT.done : EXIT.no;
  } catch (error) {
    if (error instanceof Interrupted) return EXIT.interrupted;
    throw error;
  } finally {
    forget();
  }
}

async function textOf(stdin: Readable, interrupted: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const cut = (): void => {
    stdin.destroy();
  };
  interrupted.addEventListener('abort', cut, { once: true });
  try {
    for await (const chunk of stdin) {
      const read = Buffer.from(chunk as Buffer | string);
      bytes += read.length;
      if (bytes > MAX_INPUT_BYTES) {
        throw new UsageError(`An event on stdin has at most ${MAX_INPUT_BYTES} bytes.`);
      }
      chunks.push(read);
    }
  } catch (error) {
    if (interrupted.aborted) throw new Interrupted();
    throw error;
  } finally {
    interrupted.removeEventListener('abort', cut);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `stdin must hold one event as JSON, such as {"tool":{"toolName":"bash","input":"ls"}}; it is no JSON: ${(error as Error).message.replaceAll('\n', ' ')}.`,
      { cause: error },
    );
  }
}

function documentOf({ finding, origin, place, tool }: Explained): object {
  if (finding.kind === 'error') return { status: 'error', reason: finding.reason };
  const { code, reason, rule } = finding;
  return {
    status: 'ok',
    code,
    reason,
    rule: rule ?? null,
    origin: origin ?? null,
    in: place ?? null,
    tool: tool || null,
  };
}

function sentencesOf({ finding, origin, place, tool }: Explained): string {
  if (finding.kind === 'error') return `The event cannot be classified: ${finding.reason}.\n`;
  const { code, reason, rule } = finding;
  if (rule === undefined) return `${code}  No rule speaks against it.\n`;
  const where = [place === undefined ? '' : `, about a ${place}`, tool ? ` of ${tool}` : ''].join('');
  return safeText(
    `${code}  ${reason}.\n      rule ${rule}${origin === undefined ? '' : ` (${origin})`}${where}\n`,
  );
}
