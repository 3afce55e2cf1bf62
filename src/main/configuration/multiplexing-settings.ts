import { duration, flag, integer, rate, type Setting, size } from './setting-kinds.ts';

/** The settings of sessions over one WebSocket, as the keys of the configuration file name them. */
export const MULTIPLEXING_SETTINGS = {
  'websocket.multiplexing.maxSessionsPerConnection': integer(
    [1, 10_000],
    100,
    'Most sessions on one WebSocket.',
  ),
  'websocket.multiplexing.maxConnectionsPerPrincipal': integer(
    [1, 10_000],
    20,
    'Most WebSockets of one user, or of one agent, on one node.',
  ),
  'websocket.multiplexing.sessionTimeout': duration(
    ['1s', '24h'],
    '300s',
    'How long a session stays open without DATA or EVENT either way; it can be taken back after.',
  ),
  'websocket.multiplexing.sessionLease': duration(
    ['1m', '30d'],
    '24h',
    'How long a session is kept for its owner after its connection has gone.',
  ),
  'websocket.multiplexing.rateLimitPerSession': rate(
    '1000/min',
    'How many frames of DATA, AUTH and PING a session may send in the long run.',
  ),
  'websocket.multiplexing.burstPerSession': integer(
    [1, 1_000_000],
    100,
    'How many of these a session may send at once.',
  ),
  'websocket.multiplexing.rateLimitPerConnection': rate(
    '20000/min',
    'How many frames of any kind a WebSocket may send, in the long run and at once.',
  ),
  'websocket.multiplexing.opensPerPrincipal': rate(
    '60/min',
    'How many new sessions one user, or one agent, may open in the long run.',
  ),
  'websocket.multiplexing.openBurst': integer(
    [1, 1_000_000],
    200,
    'How many of these may be opened at once.',
  ),
  'websocket.multiplexing.replayPerPrincipal': size(
    ['1MB', '4096MB'],
    '128MB',
    'How many bytes of kept events one user, or one agent, gets anew in a minute, and at once; what is beyond waits.',
  ),
  'websocket.multiplexing.maxMessageSize': size(
    ['1KB', '512KB'],
    '64KB',
    'Longest payload of one frame of a session.',
  ),
  'websocket.multiplexing.fairQueueWeight': integer(
    [1, 100],
    10,
    'The greatest weight with which a session takes turns; a client may ask for less.',
  ),
  'websocket.multiplexing.connectionAttempts': rate(
    '600/min',
    'How many WebSockets one network (an IPv4 address, an IPv6 /64) may ask for.',
  ),
  'websocket.multiplexing.echo': flag(
    'Offers sessions that send back what they get, for looking at a connection.',
  ),
} satisfies Readonly<Record<string, Setting<unknown>>>;
