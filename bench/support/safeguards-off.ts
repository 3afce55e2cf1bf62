import { Authority } from '../../src/adapters/inbound/ws/mux/authority.ts';
import { CreditWindow, GrantedWindow } from '../../src/domain/multiplexing/credit-window.ts';
import { FairQueue, type Flow } from '../../src/domain/multiplexing/fair-queue.ts';
import { TokenBucket } from '../../src/domain/multiplexing/token-bucket.ts';

/** What stands in place of a fair queue: whoever came first goes on until he has nothing more. */
class FirstCome {
  first: Flow<unknown> | undefined;
  last: Flow<unknown> | undefined;
  size = 0;
}

/**
 * Takes the safeguards out of the server that this process is to run: no rates, no turns, no authority, no windows. Only
 * a bench does this, by putting idle functions in their place; the product has no switch for it.
 */
export function switchSafeguardsOff(): void {
  Object.assign(TokenBucket.prototype, { take: () => 0 });
  Object.assign(Authority.prototype, { may: () => true, isExpiredAt: () => false });
  Object.assign(CreditWindow.prototype, { spend: () => true, grant: () => true });
  Object.defineProperty(CreditWindow.prototype, 'isOpen', { value: true });
  Object.assign(GrantedWindow.prototype, { receive: () => true, finish: () => 0 });
  takeTurnsOff();
}

type Queue = { served(): void; waiting?: FirstCome; remove(flow: Flow<unknown>): void };

function takeTurnsOff(): void {
  const waitingOf = (queue: Queue): FirstCome => {
    queue.waiting ??= new FirstCome();
    return queue.waiting;
  };
  Object.defineProperty(FairQueue.prototype, 'length', {
    get(this: Queue) {
      return waitingOf(this).size;
    },
  });
  Object.assign(FairQueue.prototype, {
    add(this: Queue, flow: Flow<unknown>): void {
      if (flow.isQueued) return;
      const waiting = waitingOf(this);
      flow.previous = waiting.last;
      if (waiting.last === undefined) waiting.first = flow;
      else waiting.last.next = flow;
      waiting.last = flow;
      flow.isQueued = true;
      waiting.size += 1;
    },
    remove(this: Queue, flow: Flow<unknown>): void {
      if (!flow.isQueued) return;
      const waiting = waitingOf(this);
      if (flow.previous === undefined) waiting.first = flow.next;
      else flow.previous.next = flow.next;
      if (flow.next === undefined) waiting.last = flow.previous;
      else flow.next.previous = flow.previous;
      flow.next = undefined;
      flow.previous = undefined;
      flow.isQueued = false;
      waiting.size -= 1;
    },
    peek(this: Queue): Flow<unknown> | undefined {
      return waitingOf(this).first;
    },
    served(this: Queue, flow: Flow<unknown>, _cost: number, hasMore: boolean): void {
      if (!hasMore) this.remove(flow);
    },
  });
}
