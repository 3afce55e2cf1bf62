import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { loadConfig } from '../../src/main/config.ts';

/** A service of the fleet, as far as this test looks at it. */
interface ComposedService {
  readonly image: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly stop_grace_period?: string;
}

interface Composition {
  readonly services: Readonly<Record<string, ComposedService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly configs: { readonly balancer: { readonly file: string } };
  readonly networks: {
    readonly fleet: { readonly ipam: { readonly config: ReadonlyArray<{ subnet: string }> } };
  };
}

const composition = parse(readFileSync('compose.yaml', 'utf8'), { merge: true }) as Composition;
const nodes = Object.entries(composition.services).filter(([name]) => /^node\d$/.test(name));
const balancer = readFileSync(composition.configs.balancer.file, 'utf8');
const image = readFileSync('Dockerfile', 'utf8');

describe('the fleet that one command brings up', () => {
  it('has three nodes, which are all the same', () => {
    expect(nodes).to.have.length(3);
    for (const [, node] of nodes) expect(node).to.deep.equal(nodes[0]?.[1]);
  });

  it('gives its nodes settings that the program takes without a word', async () => {
    const environment = nodes[0]?.[1].environment ?? {};
    const config = await loadConfig({ environment });
    expect(config.warnings).to.deep.equal([]);
    expect(`${config['mongodb.url']}`).to.include('mongo1,mongo2,mongo3');
    expect(`${config['redis.url']}`).to.include('redis');
    expect(config.demo).to.equal(false);
  });

  it('believes its own network alone, where its balancer stands', () => {
    const subnets = composition.networks.fleet.ipam.config.map(({ subnet }) => subnet);
    expect([nodes[0]?.[1].environment?.HOLDFAST_TRUSTED_PROXY]).to.deep.equal(subnets);
  });

  it('sends requests to every node, streams unbuffered, and none to a node that is not ready', () => {
    for (const [name] of nodes) expect(balancer).to.include(`${name}:3002`);
    expect(balancer).to.include('flush_interval -1');
    expect(balancer).to.include('health_uri /health/ready');
    expect(balancer).to.include('tls internal');
  });

  it('opens nothing but the balancer, and that to this machine alone', () => {
    const open = Object.entries(composition.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${port}`),
    );
    expect(open).to.deep.equal(['balancer 127.0.0.1:443:443']);
  });

  for (const [name, service] of Object.entries(composition.services)) {
    if (/^(mongo\d|replica-set|keys)$/.test(name)) continue;
    it(`takes every privilege and the disk from ${name}`, () => {
      expect(service.read_only).to.equal(true);
      expect(service.cap_drop).to.deep.equal(['ALL']);
      expect(service.security_opt).to.deep.equal(['no-new-privileges:true']);
    });
  }

  it('gives its balancer a file, because nothing can be written into a container that is read-only', () => {
    expect(Object.keys(composition.configs.balancer)).to.deep.equal(['file']);
  });

  it('gives running streams longer to end than the program does, before Docker kills it', async () => {
    const { drainGrace } = await loadConfig({ environment: nodes[0]?.[1].environment ?? {} });
    const [, seconds = '0'] = /^(\d+)s$/.exec(nodes[0]?.[1].stop_grace_period ?? '') ?? [];
    expect(Number(seconds) * 1000).to.be.greaterThan(drainGrace);
  });

  it('mounts only volumes that there are', () => {
    const mounted = Object.values(composition.services).flatMap(({ volumes = [] }) => volumes);
    expect(mounted).not.to.deep.equal([]);
    for (const mount of mounted) expect(composition.volumes).to.have.property(mount.split(':')[0] ?? '');
  });
});

describe('the image', () => {
  it('runs as nobody who owns anything of the program', () => {
    expect(image.match(/^USER .*/gm)).to.deep.equal(['USER node']);
    expect(image).not.to.match(/--chown/);
  });

  it('leaves no program that runs as somebody else than who starts it, and no package manager', () => {
    expect(image).to.include('find / -xdev -type f -perm /6000 -exec chmod a-s {} +');
    expect(image).to.match(
      /rm -rf \/usr\/local\/lib\/node_modules \/usr\/local\/bin\/npm \/usr\/local\/bin\/npx/,
    );
  });

  it('tells whether it can serve, by the address that says so', () => {
    expect(image).to.match(/^HEALTHCHECK [\s\S]*127\.0\.0\.1:3002\/health\/ready/m);
  });

  it('runs no script of a package at its installation', () => {
    const installs = image.match(/npm ci.*/g) ?? [];
    expect(installs).to.have.length(2);
    for (const install of installs) expect(install).to.include('--ignore-scripts');
  });
});
