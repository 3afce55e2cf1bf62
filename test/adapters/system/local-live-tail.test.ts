import { LocalLiveTail } from '../../../src/adapters/outbound/system/local-live-tail.ts';
import { describeLiveTail } from '../../contracts/live-tail.ts';

describeLiveTail('LocalLiveTail', async () => {
  const tail = new LocalLiveTail();
  return { here: tail, elsewhere: tail, subscribed: async () => undefined };
});
