import { expect } from 'chai';
import { type ChatUses, chatKind } from '../../../../src/adapters/inbound/ws/mux/kinds/chat.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import { anna } from '../../../support/mux-world.ts';

const OUT = {
  data: () => undefined,
  event: () => undefined,
  confirmed: async () => false,
  refuse: () => undefined,
  end: () => undefined,
};

describe('a chat that cannot be taken back because its log cannot be read', () => {
  it('leaves no reader behind', async () => {
    let isOpen = true;
    const events = {
      id: 'stream-1',
      next: () => Promise.reject(new PortError('unavailable', 'store', 'away')),
      close: () => {
        isOpen = false;
      },
    };
    const uses = {
      findChat: async () => undefined,
      followStream: { execute: async () => ({ kind: 'following', id: 'stream-1', events }) },
    } as unknown as ChatUses;
    const opening = {
      principal: anna,
      params: { chatSessionId: 'chat' },
      requestId: 'request',
      replayed: () => undefined,
      offset: 0,
    };
    const refused = await chatKind(uses)
      .open(opening, OUT)
      .catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(PortError);
    expect(isOpen).to.equal(false);
  });
});
