import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { toProblem } from '../../adapters/inbound/http/problem.ts';
import { readJsonBody } from '../../adapters/inbound/http/read-body.ts';
import { DataFolderRefused, makePrivateFolder } from '../../adapters/outbound/sqlite/data-folder.ts';
import type { Log } from '../../application/ports/log.ts';
import { DomainError, type DomainErrorCode } from '../../domain/domain-error.ts';
import { OperatorError } from '../operator-error.ts';

/** The socket in a data folder through which the operator's commands reach the server that owns it. */
const SOCKET_FILE = 'operator.sock';
/** Largest request, in bytes. */
const MAX_REQUEST_BYTES = 16_384;
/** Longest wait for the server's answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Answers the operator's commands on a socket that only the owner of the data folder can open.
 *
 * @throws OperatorError when the folder is another's, or another server's whose store is elsewhere.
 */
export async function openOperatorSocket(
  dataDir: string,
  perform: (act: string, input: unknown) => Promise<unknown>,
  log: Log,
): Promise<Server> {
  const path = join(dataDir, SOCKET_FILE);
  makeFolder(dataDir);
  if (await isServed(dataDir)) {
    throw new OperatorError(3, `Another Holdfast server is running on the data folder ${dataDir}.`);
  }
  // So a socket that is there is what a killed server left behind.
  rmSync(path, { force: true });
  const server = createServer((asked, answer) => {
    const reply = (status: number, body: unknown): void => {
      answer.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };
    carryOut(asked, perform).then(
      (result) => reply(200, result),
      (error: unknown) => {
        const { problem, unexpected } = toProblem(error, 'operator');
        if (unexpected) log.error({ err: error }, 'an operator command failed unexpectedly');
        reply(problem.status, { code: problem.code, detail: problem.detail });
      },
    );
  });
  server.listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o600);
  return server;
}

/** Whether a server answers on a data folder's socket. */
function isServed(dataDir: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(join(dataDir, SOCKET_FILE));
    const found = (served: boolean) => (): void => {
      socket.destroy();
      resolve(served);
    };
    socket.once('connect', found(true)).once('error', found(false));
  });
}

function makeFolder(dir: string): void {
  try {
    makePrivateFolder(dir);
  } catch (error) {
    if (!(error instanceof DataFolderRefused)) throw error;
    throw new OperatorError(2, error.message, { cause: error });
  }
}

async function carryOut(
  asked: IncomingMessage,
  perform: (act: string, input: unknown) => Promise<unknown>,
): Promise<unknown> {
  if (asked.method !== 'POST') throw new DomainError('request.invalid', 'Commands are posted');
  return perform((asked.url ?? '').slice(1), await readJsonBody(asked, MAX_REQUEST_BYTES));
}

/**
 * Asks the server that owns a data folder.
 *
 * @returns what it answers; undefined when no server runs on it.
 * @throws DomainError with the server's sentence when it refuses; OperatorError when it breaks off or says nothing in
 *   time: what was asked may have been done then.
 */
export async function askOperatorSocket(dataDir: string, act: string, input: unknown): Promise<unknown> {
  const sent = request({
    socketPath: join(dataDir, SOCKET_FILE),
    path: `/${act}`,
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  sent.end(JSON.stringify(input));
  let answer: IncomingMessage;
  try {
    [answer] = (await once(sent, 'response')) as [IncomingMessage];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined;
    throw brokenOff(dataDir, error);
  }
  const body = await bodyOf(answer).catch((error: unknown) => {
    throw brokenOff(dataDir, error);
  });
  if (answer.statusCode === 200) return body;
  throw new DomainError(body.code, body.detail);
}

async function bodyOf(answer: IncomingMessage): Promise<{ code: DomainErrorCode; detail: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

const brokenOff = (dataDir: string, cause: unknown): OperatorError =>
  new OperatorError(
    3,
    `The server on the data folder ${dataDir} has not answered to the end; what was asked may have been done.`,
    { cause },
  );
