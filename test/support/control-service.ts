import type { AgentEventStore } from '../../src/application/ports/control/agent-event-store.ts';
import type { AgentEventState } from '../../src/domain/control/agent-event-state.ts';
import { bindMemoryStore } from '../../src/main/modules/memory-store.ts';
import { AGENT_EVENTS, FOLLOW_REVIEWS, MCP_INVENTORIES } from '../../src/main/tokens/control.ts';
import { FLEET_BUS } from '../../src/main/tokens/fleet.ts';
import { SUBSCRIBERS } from '../../src/main/tokens/multiplexing.ts';
import { AUDIT_LOG } from '../../src/main/tokens.ts';
import { anAskingEvent, type EventFacts } from './agent-event-builders.ts';
import { BrowserTab } from './browser-tab.ts';
import { type ComposedServer, composedServer } from './composed-server.ts';
import { independentPairedEvent } from './independent-wire.ts';

type Container = Parameters<typeof bindMemoryStore>[0];

/** What a model asks for before a person is asked: two tool calls, after a conversation. */
export const LLM_EVENT = {
  eventId: 'evt-llm',
  sessionId: 'sess-1',
  runId: 'run-1',
  pairType: 1,
  agent: { agentId: 'night-watch', systemPrompt: 'You tidy up.', userInstruction: 'Make room.' },
  llm: {
    model: 'gpt-9',
    messages: [
      { role: 'system', content: 'You tidy up.' },
      { role: 'user', content: 'Make room on the disk.' },
    ],
    output: 'I will delete what is old.',
    toolCalls: [
      { name: 'shell', args: '{"command":"rm -rf /var/lib/backups"}', id: 'call-1' },
      { name: 'notify', args: '{"to":"ops"}', id: 'call-2' },
    ],
  },
};

/** The whole program over memory, with agents' events that a test has kept, and whatever it needs of the inside. */
export interface ControlService extends ComposedServer {
  readonly store: AgentEventStore;
  readonly container: Container;
  /** Keeps an event that asks a person, and tells of it as whoever takes events does. */
  ask(number: number, facts?: EventFacts): Promise<AgentEventState>;
  /** A page in which somebody has logged in. */
  tab(username: 'admin' | 'supervisor1' | 'user1'): Promise<BrowserTab>;
  /** The acts that were audited, with their actors and facts. */
  acts(prefix: string): Promise<Array<{ readonly act: string; readonly object?: string }>>;
}

const PASSWORDS = { admin: 'admin@admin', supervisor1: 'Supervisor1@', user1: 'User1@123' } as const;

/** Starts it; what follows reviews runs until it is closed. */
export async function controlService(): Promise<ControlService> {
  let bound: Container | undefined;
  const server = await composedServer(undefined, (container) => {
    bindMemoryStore(container);
    bound = container;
  });
  if (bound === undefined) throw new Error('nothing was composed');
  const container = bound;
  const store = container.get(AGENT_EVENTS);
  const stop = new AbortController();
  const following = container.get(FOLLOW_REVIEWS).execute({ signal: stop.signal });
  return {
    ...server,
    store,
    container,
    ask: async (number, facts = {}) => {
      const event = { ...LLM_EVENT, eventId: `event-${number}` };
      const state = anAskingEvent(number, { bytes: independentPairedEvent(event), ...facts });
      await store.record([state], { maxPendingReviews: 1_000 });
      if (state.review !== undefined) {
        container.get(FLEET_BUS).tellControl({ kind: 'review', id: state.review.id });
      }
      return state;
    },
    tab: async (username) => {
      const tab = new BrowserTab(server.urls.chat);
      await tab.logIn(username, PASSWORDS[username]);
      return tab;
    },
    acts: async (prefix) => {
      const entries = await (container.get(AUDIT_LOG) as unknown as AuditReading).read({
        afterCursor: 0,
        limit: 1_000,
      });
      return entries.map(({ text }) => JSON.parse(text)).filter(({ act }) => act.startsWith(prefix));
    },
    close: async () => {
      stop.abort();
      await following;
      await server.close();
    },
  };
}

/** The audit log as memory keeps it, which can be read. */
interface AuditReading {
  read(page: { afterCursor: number; limit: number }): Promise<ReadonlyArray<{ readonly text: string }>>;
}

/** Whom session ids belong to, and which servers agents have, for a test to fill. */
export const controlStores = ({ container }: ControlService) => ({
  directory: container.get(SUBSCRIBERS),
  inventories: container.get(MCP_INVENTORIES),
});
