import { describeRevocation } from '../support/describe-revocation.ts';
import { RunningServer } from '../support/running-server.ts';

describeRevocation('in one process', async () => {
  const server = await RunningServer.start(['--demo', '--model-pace', '20']);
  return { urls: server.urls, authData: server.data, dispose: () => server.dispose() };
});
