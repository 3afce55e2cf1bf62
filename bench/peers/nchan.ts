import { type ChildProcess, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pacer } from '../support/pacer.ts';
import { SERVER_CORE, spawnPinned, stop } from '../support/process.ts';
import type { RawRequest } from '../support/sse-load.ts';
import { elapse } from '../support/sse-load.ts';

/** Where Debian's package libnginx-mod-nchan keeps the module. */
const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';
/** Connections of the publisher. */
const PUBLISHERS = 16;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });

const configuration = (folder: string, port: number): string => `
load_module ${MODULE};
daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 8192; }
http {
  access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder}; keepalive_requests 100000000;
  server {
    listen 127.0.0.1:${port};
    location ~ /pub/(\\d+)$ { nchan_publisher; nchan_channel_id $1; nchan_message_buffer_length 50; nchan_message_timeout 1m; }
    location ~ /sub/(\\d+)$ { nchan_subscriber eventsource; nchan_channel_id $1; nchan_subscriber_first_message newest; }
  }
}`;

/**
 * nginx with nchan, a channel a stream, fed over HTTP at a rate.
 *
 * @throws Error saying how to get it when nginx or the module is missing.
 */
export async function startNchan(
  rate: number,
  streams: number,
): Promise<{
  readonly pids: readonly number[];
  open(index: number): Promise<RawRequest>;
  stop(): Promise<void>;
}> {
  if (!existsSync(MODULE) || spawnSync('nginx', ['-v']).error !== undefined)
    throw new Error('the peer nchan is missing: apt-get install nginx-light libnginx-mod-nchan');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-nchan-'));
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port));
  const child: ChildProcess = spawnPinned(SERVER_CORE, 'nginx', [
    '-c',
    join(folder, 'nginx.conf'),
    '-g',
    'user root;',
  ]);
  await elapse(500);
  const workers = spawnSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
    .map(Number);
  const publishers = Array.from({ length: PUBLISHERS }, () => publisher(port));
  const pacer = new Pacer(rate);
  const removes = Array.from({ length: streams }, (_, index) => {
    const socket = publishers[index % PUBLISHERS];
    const message = publication(index);
    return pacer.add(() => {
      // A publisher whose socket is full says nothing, as the other servers' models do.
      if (socket !== undefined && !socket.writableNeedDrain) socket.write(message);
    });
  });
  return {
    pids: workers,
    open: async (index) => ({
      port,
      text: `GET /sub/${index} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n`,
    }),
    async stop() {
      for (const remove of removes) remove();
      for (const socket of publishers) socket.destroy();
      await stop(child);
      // nginx's worker outlives a master that is killed.
      for (const pid of workers) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A connection that sends publications one after the other without waiting for their answers. */
function publisher(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.resume();
  return socket;
}

function publication(channel: number): string {
  const body = '{"text":"token "}';
  return `POST /pub/${channel} HTTP/1.1\r\nHost: bench\r\nX-EventSource-Event: chunk\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
