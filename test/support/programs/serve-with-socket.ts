// `holdfast serve` with a WebSocket route that tells each client whom the guard has let in, and echoes what he sends.
import { Command } from 'commander';
import { WebSocketServer } from 'ws';
import { addSettingFlags, configFile, flagValues } from '../../../src/main/commands/setting-flags.ts';
import { loadConfig } from '../../../src/main/config.ts';
import { serve } from '../../../src/main/serve.ts';
import { SOCKET_ROUTES } from '../../../src/main/tokens.ts';

const sockets = new WebSocketServer({ noServer: true, maxPayload: 65_536 });

const command = new Command('serve');
addSettingFlags(command);
command.parse(process.argv.slice(3), { from: 'user' });
const options = command.opts();
const config = await loadConfig({ flags: flagValues(options), file: configFile(options) });
process.exitCode = await serve(config, (container) => {
  container.rebind(SOCKET_ROUTES).toConstantValue([
    {
      path: '/ws/echo',
      permission: 'chat.use',
      open: ({ request, socket, head, principal }) =>
        sockets.handleUpgrade(request, socket, head, (client) => {
          client.on('error', () => client.terminate());
          client.on('message', (data) => client.send(String(data)));
          client.send(JSON.stringify(principal));
        }),
    },
  ]);
});
