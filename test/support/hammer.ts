import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What a process does to a stream of each of the first chats; no two processes of a test have one number. */
export interface StreamTask {
  readonly kind: 'claim' | 'append' | 'seal';
  readonly number: number;
  readonly chats: number;
}

/** What a process does to the accounts, logins and keys of the first numbers, `times` of them at once. */
export interface IdentityTask {
  readonly kind:
    | 'register'
    | 'demote'
    | 'refresh'
    | 'end'
    | 'end-all'
    | 'begin'
    | 'add-key'
    | 'revoke-key'
    | 'add-ticket'
    | 'take-ticket'
    | 'first-key';
  /** The process's own number. */
  readonly number: number;
  readonly times: number;
  /** The limit of keys or tickets. */
  readonly atMost: number;
}

/** What a process does to the account of user 1; `from` is the first of its numbers. */
export interface HammerTask {
  readonly kind: 'reserve' | 'settle' | 'mixed';
  readonly from: number;
  readonly times: number;
}

/** How often a process holds a name that others want too, or counts an attempt of a key, up to that limit. */
export interface SharedTask {
  readonly kind: 'hold' | 'guess';
  readonly times: number;
  /** How the keys begin, where the URL is one of Redis. */
  readonly prefix?: string;
}

/** What a process does to sessions, agents' events, the policy, alerts and inventories, `times` of it at once. */
export interface AgentsTask {
  readonly kind: 'claim' | 'take-back' | 'record' | 'decide' | 'policy' | 'raise' | 'inventory';
  /** The process's own number. */
  readonly number: number;
  readonly times: number;
}

/** How often each outcome came: `done`, `repeated`, or a refusal's code. */
export type HammerOutcomes = Readonly<Record<string, number>>;

interface Hammer {
  go(): Promise<HammerOutcomes>;
}

async function ready(program: string, url: string, task: object): Promise<Hammer> {
  const path = new URL(`programs/${program}.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [path, url, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return {
    go: async () => {
      const gone = once(child, 'exit');
      child.stdin.write('go\n');
      const { value } = await lines.next();
      await gone;
      return JSON.parse(value ?? '{"ended without a word":1}') as HammerOutcomes;
    },
  };
}

/** Lets a process do each task, all beginning at once, and adds up what came of it. */
export async function hammer<Task extends object = HammerTask>(
  url: string,
  tasks: readonly Task[],
  program = 'hammer-account',
): Promise<HammerOutcomes> {
  const hammers = await Promise.all(tasks.map((task) => ready(program, url, task)));
  const total: Record<string, number> = {};
  for (const outcomes of await Promise.all(hammers.map((one) => one.go()))) {
    for (const [name, times] of Object.entries(outcomes)) total[name] = (total[name] ?? 0) + times;
  }
  return total;
}
