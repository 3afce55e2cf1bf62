import { duration, integer, optionalText, rate, type Setting, size } from './setting-kinds.ts';

/** The settings of the agents' control plane, as the keys of the configuration file name them. */
export const CONTROL_SETTINGS = {
  'control.rulesFile': optionalText(
    "File with rules by which agents' events are classified, before those that come with the program or, where it says `starter: false`, in their place.",
  ),
  'control.model': optionalText(
    "Id of a configured model that looks at agents' events beside the rules, and may only make them more dangerous.",
  ),
  'control.verdictDeadline': duration(
    ['100ms', '11999ms'],
    '10s',
    'How long an event may take until its verdict is decided: waiting, classifying (nine tenths of it) and keeping. Then it counts as one that could not be classified. Clients wait 15s at the least, so it is below 12s.',
  ),
  'control.classifying': integer(
    [2, 10_000],
    64,
    'Most events that are being classified at once; agents share them fairly.',
  ),
  'control.maxMessageSize': size(
    ['64KB', '64MB'],
    '4MB',
    "Longest message of an agent; a model's answer comes with its whole conversation.",
  ),
  'control.socketsPerOwner': integer([1, 1_000_000], 1_000, 'Most WebSockets of one agent on one node.'),
  'control.eventsPerOwner': rate(
    '600/min',
    'How many events of one agent are read in the long run; above it they wait.',
  ),
  'control.eventBurst': integer([1, 1_000_000], 5_000, 'How many of these are read at once.'),
  'control.loginsPerOwner': rate(
    '600/min',
    'How many logins of one agent are let in on one node in the long run, which is one for each of its events; above it they wait.',
  ),
  'control.loginBurst': integer([1, 1_000_000], 5_000, 'How many of these are let in at once.'),
  'control.inventoriesPerOwner': rate(
    '60/min',
    'How many inventories of MCP servers are kept of one agent on one node in the long run; above it they wait, and what comes behind them by the same connection.',
  ),
  'control.inventoryBurst': integer(
    [1, 1_000_000],
    1_000,
    'How many of these are kept at once, which is one for each connection that an agent may have.',
  ),
  'control.eventsUnderWay': integer(
    [1, 1_000_000],
    4_096,
    'Most events of one agent between their reading and their verdicts on one node, over all its connections; above it the server reads no more of that agent.',
  ),
  'control.bytesUnderWay': size(
    ['64KB', '65536MB'],
    '64MB',
    'Most bytes of these events, and of messages that have been read before them; a single one may have more.',
  ),
  'control.lease': duration(
    ['1m', '30d'],
    '24h',
    "How long a session stays its agent's after the last connection has gone.",
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
  'control.pendingReviews': integer(
    [1, 100_000],
    100,
    'Most questions of one agent that wait for a person; the answer to more is no at once.',
  ),
} satisfies Readonly<Record<string, Setting<unknown>>>;
