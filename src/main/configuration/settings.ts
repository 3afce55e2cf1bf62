import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { ALERT_SETTINGS } from './alert-settings.ts';
import { CONTROL_SETTINGS } from './control-settings.ts';
import { MULTIPLEXING_SETTINGS } from './multiplexing-settings.ts';
import {
  choice,
  duration,
  flag,
  integer,
  optionalConnection,
  optionalDecimal,
  optionalText,
  optionalUrl,
  origins,
  type Setting,
  text,
  words,
} from './setting-kinds.ts';

const PORT = [0, 65_535] as const;

const cidr = z
  .string()
  .refine(
    (written) => ipaddr.isValidCIDR(written) || ipaddr.isValid(written),
    'must be an address or a CIDR range',
  );

/**
 * Every setting by its key. The key is its path in the configuration file; its flag and its environment
 * variable follow from it (`streams.deadline`: `--streams-deadline`, `HOLDFAST_STREAMS_DEADLINE`). Durations
 * are milliseconds once read.
 */
export const SETTINGS = {
  service: choice(['all', 'auth', 'accounting', 'chat'], 'all', 'Which services run in this process.'),
  demo: flag('Creates the demo accounts admin, supervisor1 and user1 with known passwords. Loopback only.'),
  host: text('127.0.0.1', 'Address to listen on.'),
  authPort: integer(PORT, 3000, 'Port of auth; 0 picks a free one.'),
  accountingPort: integer(PORT, 3001, 'Port of accounting; 0 picks a free one.'),
  chatPort: integer(
    PORT,
    3002,
    'Port of chat, which also answers the routes of auth and accounting when all run together; 0 picks a free one.',
  ),
  readyFile: optionalText(
    'File that is written, with the addresses and the process id, once everything listens; only its owner can read it.',
  ),
  publicUrl: origins(
    'Names under which the server is reached, as URLs: what Host may say, and which origins browsers may call from. Without one, only loopback names.',
  ),
  trustedProxy: words(
    cidr,
    'addresses or CIDR ranges',
    'Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.',
  ),
  privateNetwork: flag(
    'Declares that the network between the services is private, so that URLs on it may be plain http and a service may listen beyond loopback without TLS or a proxy before it.',
  ),
  'tls.cert': optionalText(
    'File with the certificate, and the chain behind it, by which every port speaks https; read anew at SIGHUP.',
  ),
  'tls.key': optionalText('File with the key of tls.cert, without a passphrase, for its owner alone.'),
  'tls.caFile': optionalText(
    'File with the certificates of private CAs, which vouch for model servers and other services beside the public ones.',
  ),
  takeBack: flag(
    'Serves a data folder whose store has moved to MongoDB, or is being moved: it is a store of its own again.',
  ),
  data: text('./data', 'Folder of the embedded store; made for its owner alone.'),
  'mongodb.url': optionalConnection(
    ['mongodb', 'mongodb+srv'],
    'MONGODB_URL',
    'The MongoDB, a replica set, that holds everything in place of the embedded store, so that any number of nodes may serve. A password in it comes by the environment, a file or mongodb.urlFile, never by the flag.',
  ),
  'mongodb.urlFile': optionalText('File with the value of mongodb.url, for its owner alone.'),
  'redis.url': optionalConnection(
    ['redis', 'rediss'],
    'REDIS_URL',
    'The Redis by which the nodes on one MongoDB hear of each other at once. It may be lost at any moment: then they look at MongoDB, which is slower. A password in it comes as that of mongodb.url.',
  ),
  'redis.urlFile': optionalText('File with the value of redis.url, for its owner alone.'),
  'fleet.lease': duration(
    ['1s', '60s'],
    '5s',
    'How long the nodes on one MongoDB wait for one that says nothing before they end what it has left.',
  ),
  requestBudget: duration(
    ['1s', '5m'],
    '10s',
    'How long a request, or an OPEN, waits for the stores until its answer begins; then it is refused with 503 and Retry-After, or with `unavailable`. A stream that has begun is not measured by it.',
  ),
  drainGrace: duration(
    ['0', '10m'],
    '20s',
    'How long running streams may go on once the server has been told to stop.',
  ),
  authUrl: optionalUrl('Where auth runs, for a service that runs alone.'),
  accountingUrl: optionalUrl('Where accounting runs, for a chat that runs alone.'),
  serviceKeyFile: optionalText(
    'File with the key by which the services know each other: one or two lines of 43 base64url characters, the first is presented, both are accepted. Made in the data folder when all services run together.',
  ),
  'audit.keyFile': optionalText(
    'File with the key that authenticates the audit log: lines of 43 base64url characters, the first signs, all verify. Without it the file audit-key in the data folder, where whoever can change the store can read it too; made when it is missing.',
  ),
  metricsTokenFile: optionalText(
    'File with the token that /metrics asks for as a bearer. Without it /metrics answers only peers on loopback.',
  ),
  'log.level': choice(['info', 'debug', 'warn', 'error', 'silent'], 'info', 'How much the log says.'),
  'log.format': choice(
    ['auto', 'json', 'text'],
    'auto',
    'JSON lines, or sentences for a person; auto speaks to a terminal in sentences.',
  ),
  'model.url': optionalUrl(
    'Base URL of an OpenAI-compatible server, such as http://127.0.0.1:11434/v1; its model is offered beside handbook.',
  ),
  'model.id': optionalText('Name of the model at model.url, as that server knows it.'),
  'model.price': optionalDecimal(
    [0, 1_000_000],
    'Credits for 1,000 tokens of the model at model.url. A model without a price is not offered.',
  ),
  'model.keyFile': optionalText('File with the API key of model.url; it is sent nowhere else.'),
  'model.maxTokens': integer(
    [1, 1_000_000],
    4_096,
    'Most output tokens of one answer of the model at model.url.',
  ),
  'model.contextTokens': integer(
    [256, 10_000_000],
    8_192,
    'Prompt and answer together of the model at model.url, in tokens.',
  ),
  'model.pace': integer([0, 100_000], 40, 'Tokens a second of handbook; 0 is as fast as it can.'),
  'streams.deadline': duration(
    ['0', '1h'],
    '120s',
    'How long a stream goes on without a reader; 0 stops it when the last reader leaves.',
  ),
  'streams.maximum': duration(['1s', '24h'], '15m', 'How long a stream may run at all.'),
  'streams.retention': duration(
    ['1s', '365d'],
    '24h',
    'How long an ended stream can be resumed and updated.',
  ),
  'streams.maxOutputTokens': integer([1, 1_000_000], 4_096, 'Most output tokens of one answer of any model.'),
  'streams.stall': duration(
    ['1s', '5m'],
    '10s',
    'How long an event may wait for the store before the stream is given up.',
  ),
  'streams.keepalive': duration(['1s', '5s'], '5s', 'Longest silence on an event stream.'),
  'streams.readers': integer([1, 1_000], 32, 'Most readers of one stream on one node.'),
  'streams.runningPerUser': integer([1, 10_000], 20, 'Most running streams of one user.'),
  ...MULTIPLEXING_SETTINGS,
  ...ALERT_SETTINGS,
  'login.accountFailures': integer(
    [1, 1_000_000],
    10,
    'Wrong passwords for one account from one network (an IPv4 address, an IPv6 /64) before that network waits between guesses: 1 s, doubled by each wrong one up to 60 s. All networks together have twice as many a minute.',
  ),
  'login.networkFailures': integer(
    [1, 1_000_000],
    100,
    'Wrong passwords from one network in ten minutes, for whichever accounts.',
  ),
  'login.networkSignUps': integer([1, 1_000_000], 500, 'Sign-ups from one network in an hour.'),
  'tokens.access': duration(['10s', '15m'], '15m', 'Life of an access token.'),
  'tokens.refresh': duration(
    ['1m', '7d'],
    '7d',
    'Life of a login from the password on, which refreshing never extends.',
  ),
  'sessions.idle': duration(
    ['1s', '12h'],
    '30m',
    "How long a browser's login may lie unused; an open reader counts as use.",
  ),
  'sessions.absolute': duration(
    ['1s', '7d'],
    '12h',
    "Life of a browser's login from the password on, which use never extends.",
  ),
  ...CONTROL_SETTINGS,
  'cookie.domain': optionalText(
    "Domain whose hosts share the browser's login, a parent of every publicUrl. Without one the cookie belongs to the one host that set it, which is safer: every host of the domain could overwrite it.",
  ),
} satisfies Readonly<Record<string, Setting<unknown>>>;

/** The key of a setting. */
export type SettingKey = keyof typeof SETTINGS;

/** Every setting's value. */
export type Settings = { readonly [K in SettingKey]: z.output<(typeof SETTINGS)[K]['schema']> };

/** All keys, in the order of their documentation. */
export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

/** Words of a key: `streams.maxOutputTokens` has four. */
const wordsOf = (key: string): string[] => key.split(/[.]|(?=[A-Z])/).map((word) => word.toLowerCase());

/** The flag of a setting, such as `--chat-port`. */
export const flagOf = (key: SettingKey): string => `--${wordsOf(key).join('-')}`;

/** The environment variable of a setting, such as `HOLDFAST_CHAT_PORT`. */
export const variableOf = (key: SettingKey): string => `HOLDFAST_${wordsOf(key).join('_').toUpperCase()}`;

/** All variables that a setting is read from, the first before the others. */
export function variablesOf(key: SettingKey): readonly string[] {
  const { commonVariable } = SETTINGS[key];
  return commonVariable === undefined ? [variableOf(key)] : [variableOf(key), commonVariable];
}
