import { exposures } from './exposure-rules.ts';
import { isLoopback } from './network-address.ts';
import { flagOf, type Settings } from './settings.ts';
import type { UpstreamModel } from './upstream-model.ts';

/**
 * Finds settings that are right alone and wrong together; one sentence each.
 *
 * @param asNode false for a command that only looks at a store, and needs no secret of the nodes.
 */
export function brokenRules(settings: Settings, models: readonly UpstreamModel[], asNode: boolean): string[] {
  return [
    ...exposures(settings, models),
    ...separateServices(settings),
    ...(asNode ? manyNodes(settings) : []),
    ...samePorts(settings),
    ...upstreams(settings, models),
  ];
}

function separateServices(settings: Settings): string[] {
  const { service, authUrl, accountingUrl, serviceKeyFile, privateNetwork } = settings;
  const problems: string[] = [];
  if (service !== 'all') {
    if (service !== 'auth' && authUrl === undefined) {
      problems.push(`authUrl: ${service} alone needs --auth-url.`);
    }
    if (service === 'chat' && accountingUrl === undefined) {
      problems.push('accountingUrl: chat alone needs --accounting-url.');
    }
    if (serviceKeyFile === undefined) {
      problems.push(
        `serviceKeyFile: ${service} alone needs --service-key-file, the same file for every service.`,
      );
    }
  }
  for (const [key, url] of [
    ['authUrl', authUrl],
    ['accountingUrl', accountingUrl],
  ] as const) {
    if (url === undefined || url.protocol === 'https:' || isLoopback(url.hostname) || privateNetwork)
      continue;
    problems.push(
      `${key}: ${url.href} is neither https nor loopback; use https, or declare --private-network.`,
    );
  }
  return problems;
}

/** What nodes have in common is named to each of them, and is not made by each for itself. */
function manyNodes(settings: Settings): string[] {
  const redis = settings['redis.url'];
  if (settings['mongodb.url'] === undefined) {
    if (redis === undefined) return [];
    return [
      'redis.url: Redis tells nodes at once what MongoDB holds, and holds nothing itself; --redis-url needs --mongodb-url.',
    ];
  }
  const problems = (['audit.keyFile', 'serviceKeyFile'] as const)
    .filter((key) => settings[key] === undefined)
    .map((key) => `${key}: with --mongodb-url name ${flagOf(key)}, the same file for every node.`);
  if (redis?.hasOptions) problems.push('redis.url: must have nothing behind a question mark.');
  return problems;
}

function samePorts(settings: Settings): string[] {
  if (settings.service !== 'all') return [];
  const problems: string[] = [];
  const taken = new Map<number, string>();
  for (const key of ['authPort', 'accountingPort', 'chatPort'] as const) {
    const port = settings[key];
    const other = taken.get(port);
    if (port !== 0 && other !== undefined)
      problems.push(`${key}: ${flagOf(key)} and ${other} cannot both be ${port}.`);
    taken.set(port, flagOf(key));
  }
  return problems;
}

function upstreams(settings: Settings, models: readonly UpstreamModel[]): string[] {
  const problems: string[] = [];
  const url = settings['model.url'];
  if (url !== undefined && (settings['model.id'] === undefined || settings['model.price'] === undefined)) {
    problems.push(
      'model.url: name its model with --model-id and price it with --model-price (credits for 1,000 tokens).',
    );
  }
  for (const key of ['model.id', 'model.price', 'model.keyFile'] as const) {
    if (url === undefined && settings[key] !== undefined)
      problems.push(`${key}: ${flagOf(key)} needs --model-url.`);
  }
  const seen = new Set(['handbook']);
  const single = settings['model.id'];
  for (const id of [...(single === undefined ? [] : [single]), ...models.map((model) => model.id)]) {
    if (seen.has(id)) problems.push(`models: there is more than one model with the id ${id}.`);
    seen.add(id);
  }
  const judge = settings['control.model'];
  if (judge !== undefined && (judge === 'handbook' || !seen.has(judge))) {
    problems.push(
      `control.model: there is no model ${judge} that could judge; name one of --model-id or models.`,
    );
  }
  return problems;
}
