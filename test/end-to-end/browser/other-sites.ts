import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';

/** A server of somebody else on this machine: another origin of the same site by one name, another site by the other. */
export class OtherSites {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<OtherSites> {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end('<!doctype html><title>Somebody else</title><body>');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OtherSites(server);
  }

  /** By names: `neighbour` shares the site, and so the cookie, with `http://localhost`; `stranger` shares nothing. */
  get origins(): Readonly<Record<'neighbour' | 'stranger', string>> {
    const { port } = this.#server.address() as AddressInfo;
    return { neighbour: `http://localhost:${port}`, stranger: `http://stranger.localhost:${port}` };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** What the browser sent, and what came back, for one attempt of a page. */
export interface Attempt {
  readonly status: number;
  readonly sentCookie: boolean;
}

/**
 * Lets a page do something that asks an address, and tells what went over the wire. It is looked at below the page, which
 * is not even told of answers that it may not read.
 */
export async function attempt(page: Page, url: string, act: () => Promise<unknown>): Promise<Attempt> {
  const wire = await page.context().newCDPSession(page);
  const ids = new Set<string>();
  const cookies = new Map<string, boolean>();
  const statuses = new Map<string, number>();
  const { promise, resolve } = Promise.withResolvers<Attempt>();
  const tell = (): void => {
    for (const id of ids) {
      const [status, sentCookie] = [statuses.get(id), cookies.get(id)];
      if (status !== undefined && sentCookie !== undefined) resolve({ status, sentCookie });
    }
  };
  wire.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.url === url && request.method !== 'OPTIONS') ids.add(requestId);
    tell();
  });
  wire.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => {
    cookies.set(
      requestId,
      Object.keys(headers).some((name) => name.toLowerCase() === 'cookie'),
    );
    tell();
  });
  wire.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
    statuses.set(requestId, statusCode);
    tell();
  });
  await wire.send('Network.enable');
  await act();
  const attempted = await promise;
  await wire.detach();
  return attempted;
}

/** Sends a form as a page of another site can: any text as its body, no header of its own. */
export const submitForm = (page: Page, url: string, body: string): Promise<void> =>
  page.evaluate(
    ([action, text]) => {
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', action, enctype: 'text/plain' });
      const input = document.createElement('input');
      // `name=value` with its equals sign inside of the JSON.
      const [name = '', value = ''] = (text ?? '').split('=');
      Object.assign(input, { type: 'hidden', name, value });
      form.append(input);
      document.body.append(form);
      form.submit();
    },
    [url, body],
  );

/** Asks by `fetch` with the cookie, and tells the status, or the name of what was thrown. */
export const fetchFrom = (page: Page, url: string, init: RequestInit): Promise<string> =>
  page.evaluate(
    async ([address, options]) => {
      try {
        const response = await fetch(address as string, {
          credentials: 'include',
          ...(options as RequestInit),
        });
        return `${response.type} ${response.status}`;
      } catch (error) {
        return (error as Error).name;
      }
    },
    [url, init] as const,
  );

/** Opens a WebSocket and tells its first message, or that it was refused. */
export const socketFrom = (page: Page, url: string): Promise<string> =>
  page.evaluate(
    (address) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(address);
        socket.addEventListener('error', () => resolve('refused'));
        socket.addEventListener('message', ({ data }) => {
          socket.close();
          resolve(String(data));
        });
      }),
    url,
  );
