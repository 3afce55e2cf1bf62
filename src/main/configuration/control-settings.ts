import { duration, optionalText, type Setting } from './setting-kinds.ts';

/** What an operator may set of agents' events, by the keys of the configuration file. */
export const CONTROL_SETTINGS = {
  'control.rulesFile': optionalText(
    "File with rules by which agents' events are classified, before those that come with the program or, where it says `starter: false`, in their place.",
  ),
  'control.reviewDeadline': duration(
    ['1s', '7d'],
    '1h',
    'How long a person has to decide what an agent may do; nobody having decided by then is a no.',
  ),
  'control.retention': duration(
    ['1h', '3650d'],
    '30d',
    "How long agents' events, with their verdicts and reviews, and what is known of their MCP servers are kept.",
  ),
} satisfies Readonly<Record<string, Setting<unknown>>>;
