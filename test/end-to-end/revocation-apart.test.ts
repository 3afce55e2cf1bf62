import { describeRevocation } from '../support/describe-revocation.ts';
import { ThreeServices } from '../support/three-services.ts';

describeRevocation('in three services', async () => {
  const services = await ThreeServices.start(['--model-pace', '20']);
  return { urls: services.urls, authData: services.auth.data, dispose: () => services.dispose() };
});
