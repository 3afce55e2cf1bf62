import { createServer } from 'node:http';
import { expect } from 'chai';
import { announcement } from '../../src/main/announcement.ts';
import type { Listening } from '../../src/main/listen.ts';
import type { ServiceName } from '../../src/main/service-name.ts';

const at = (service: ServiceName, port: number): Listening => ({
  service,
  url: `http://127.0.0.1:${port}`,
  server: createServer(),
  cut: () => undefined,
  renewTls: () => undefined,
});

const ALL = [at('auth', 3000), at('accounting', 3001), at('chat', 3002)];
const DEMO = [{ username: 'user1', password: 'User1@123', role: 'user' }] as const;

describe('the announcement', () => {
  it('begins with the address to open in a browser, where there is a page', () => {
    const facts = { accounts: { demo: DEMO }, demoCredits: 100, data: './data' };
    const all = announcement({ ...facts, listening: ALL });
    expect(all).to.match(
      /^Holdfast \S+ is ready\.\n\nOpen its page in a browser:\n {2}http:\/\/127\.0\.0\.1:3002\/\n/,
    );
    expect(announcement({ ...facts, listening: [at('chat', 3002)] })).to.not.contain('browser');
  });

  it('tells the demo accounts and a line that works as it stands', () => {
    const text = announcement({
      listening: ALL,
      accounts: { demo: DEMO },
      demoCredits: 100,
      data: './data',
    });
    expect(text).to.match(/ {2}user1 {7}User1@123\nEach of them has been given 100 credits/);
    expect(text).to.match(/another terminal:\n {2}npx holdfast chat\n$/);
  });

  it('names a server of https as its certificate does, and the CA that vouches for it', () => {
    const chat = { ...at('chat', 3002), url: 'https://0.0.0.0:3002' };
    const facts = { listening: [chat], accounts: { demo: [] }, demoCredits: 0, data: './data' };
    const publicUrl = [new URL('http://127.0.0.1'), new URL('https://chat.example.org')];
    expect(announcement({ ...facts, publicUrl, 'tls.caFile': 'ca.pem' })).to.contain(
      'npx holdfast chat --url https://chat.example.org --ca-file ca.pem --user admin',
    );
    expect(announcement(facts)).to.contain('npx holdfast chat --url https://0.0.0.0:3002 --user admin');
  });

  it('names a server that listens everywhere, as in a container, as people reach it', () => {
    const everywhere = ['0.0.0.0', '[::]'].map((host) =>
      [at('auth', 3000), at('chat', 3002)].map((one) => ({
        ...one,
        url: one.url.replace('127.0.0.1', host),
      })),
    );
    for (const listening of everywhere) {
      const facts = { listening, accounts: { demo: [] }, demoCredits: 0, data: '/data' };
      const proxied = announcement({ ...facts, publicUrl: [new URL('https://chat.example.org')] });
      expect(proxied).to.contain('browser:\n  https://chat.example.org/\n');
      expect(proxied).to.contain('npx holdfast chat --url https://chat.example.org --user admin');
      const plain = announcement({ ...facts, publicUrl: [new URL('http://10.0.0.7:8080')] });
      expect(plain).to.contain('browser:\n  http://10.0.0.7:8080/\n');
    }
    const own = { accounts: { demo: [] }, demoCredits: 0, data: './data', listening: ALL };
    expect(announcement({ ...own, publicUrl: [new URL('https://chat.example.org')] })).to.contain(
      'browser:\n  http://127.0.0.1:3002/\n',
    );
  });

  it('names port and folder in the lines to type where they are not the usual ones', () => {
    const text = announcement({
      listening: [at('auth', 1), at('accounting', 2), at('chat', 3)],
      accounts: { demo: [], generated: { username: 'admin', password: 'secret', role: 'admin' } },
      demoCredits: 100,
      data: '/srv/hold',
    });
    expect(text).to.match(/ {2}admin {7}secret\n/);
    expect(text).to.match(
      / {2}npx holdfast user password admin --data \/srv\/hold\n {2}npx holdfast chat --url http:\/\/127\.0\.0\.1:3 --user admin\n$/,
    );
  });

  it('names all three services for a chat that runs alone', () => {
    const text = announcement({
      listening: [at('chat', 3002)],
      accounts: { demo: [] },
      demoCredits: 0,
      data: './data',
      authUrl: new URL('http://127.0.0.1:3000'),
      accountingUrl: new URL('http://127.0.0.1:3001/'),
    });
    expect(text).to.contain(
      'npx holdfast chat --auth http://127.0.0.1:3000 --accounting http://127.0.0.1:3001 --chat http://127.0.0.1:3002 --user NAME\n',
    );
  });

  it('claims no credit that another process keeps, and no chat that is elsewhere', () => {
    const text = announcement({
      listening: [at('auth', 3000)],
      accounts: { demo: DEMO },
      demoCredits: 0,
      data: './data',
    });
    expect(text).to.contain('user1').and.not.contain('credits').and.not.contain('npx holdfast chat');
  });
});
