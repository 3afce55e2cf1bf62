import { expect } from 'chai';
import { redisAddress } from '../../../src/adapters/outbound/redis/redis-url.ts';

describe('a URL of Redis', () => {
  it('names host, port, user, password and database', () => {
    expect(redisAddress('redis://cache')).to.deep.equal({ host: 'cache', port: 6379, db: 0 });
    expect(redisAddress('redis://us%40r:p%2Fw@[::1]:7000/3')).to.deep.equal({
      host: '::1',
      port: 7000,
      db: 3,
      username: 'us@r',
      password: 'p/w',
    });
  });

  it('with TLS has the certificate checked, for the name of the host', () => {
    expect(redisAddress('rediss://cache').tls).to.deep.equal({
      rejectUnauthorized: true,
      servername: 'cache',
    });
    expect(redisAddress('rediss://10.0.0.1:6380').tls).to.deep.equal({ rejectUnauthorized: true });
  });

  it('is refused when it is none, or says more, and the refusal keeps the password to itself', () => {
    for (const url of [
      'cache:6379',
      'http://u:secret@cache',
      'redis://',
      'redis://u:secret@cache/zero',
      'rediss://u:secret@cache?tls[rejectUnauthorized]=false',
      'redis://u:secret@cache#more',
      'redis://u:secret%@cache',
    ]) {
      expect(() => redisAddress(url), url)
        .to.throw(/Redis/)
        .with.property('message')
        .that.does.not.include('secret');
    }
  });
});
