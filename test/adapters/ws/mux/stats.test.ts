import { expect } from 'chai';
import { PromMetrics } from '../../../../src/adapters/outbound/system/prom-metrics.ts';
import { MuxWorld } from '../../../support/mux-world.ts';

describe('what is counted of multiplexed connections', () => {
  it('are messages and bytes of each kind and direction, also of sessions that are over', async () => {
    const world = new MuxWorld();
    const { metrics } = world;
    const client = world.connect();
    const [first, second] = [await world.open(client), await world.open(client)];
    client.send(first.at, 'DATA', Buffer.alloc(100));
    client.send(second.at, 'DATA', Buffer.alloc(20));
    client.send(second.at, 'DATA', Buffer.alloc(0));
    client.send(first.at, 'PING', Buffer.alloc(8));
    await world.settle();
    const expected = { 'echo in': 3, 'echo out': 3 };
    expect(metrics.gathered('holdfast_mux_messages_total')).to.deep.equal(expected);
    client.send(first.at, 'CLOSE', { code: 1000, reason: '' });
    await world.settle();
    expect(metrics.gathered('holdfast_mux_messages_total')).to.deep.equal(expected);
    expect(metrics.gathered('holdfast_mux_bytes_total')).to.deep.equal({ 'echo in': 120, 'echo out': 120 });
    expect(metrics.gathered('holdfast_mux_sessions')).to.deep.equal({ echo: 1 });
    expect(metrics.gathered('holdfast_mux_connections')).to.deep.equal({ '': 1 });
    client.lose();
    expect(metrics.gathered('holdfast_mux_messages_total')).to.deep.equal(expected);
    expect(metrics.gathered('holdfast_mux_sessions')).to.deep.equal({ echo: 0 });
    expect(metrics.gathered('holdfast_mux_connections')).to.deep.equal({ '': 0 });
  });

  it('are what waits for a client, and for how long it has waited once it goes', async () => {
    const world = new MuxWorld();
    const { metrics } = world;
    const client = world.connect();
    const { at } = await world.open(client, { window: 65_536 });
    for (let count = 0; count < 2; count += 1) {
      client.send(at, 'DATA', Buffer.alloc(65_536));
      await world.settle();
    }
    expect(metrics.gathered('holdfast_mux_queued_bytes')).to.deep.equal({ 'echo in': 0, 'echo out': 65_545 });
    await world.timers.advance(3_000);
    const grant = Buffer.alloc(4);
    grant.writeUInt32BE(65_536);
    client.send(at, 'CREDIT', grant);
    await world.settle();
    expect(metrics.gathered('holdfast_mux_queued_bytes')).to.deep.equal({ 'echo in': 0, 'echo out': 0 });
    const waits = metrics.gathered('holdfast_mux_wait_seconds');
    expect(waits['echo out 2']).to.equal(1);
    expect(waits['echo out 10'], 'buckets hold those before them').to.equal(2);
    expect(waits['echo out +Inf']).to.equal(2);
    expect(world.connections.stats.kinds.get('echo')?.waitsOut.sumMs).to.equal(3_000);
  });

  it('are errors, closes, passed over frames, resumes and rounds', async () => {
    const world = new MuxWorld({ sessionTimeoutMs: 1_000 });
    const { metrics } = world;
    const first = world.connect();
    const { sessionId, resumeToken, at } = await world.open(first);
    first.lose();
    const client = world.connect();
    const resume = { sessionId, token: resumeToken, offset: 0 };
    const back = await world.open(client, { resume });
    client.send(back.at, 'DATA', Buffer.from('heard'));
    await world.settle();
    client.send(undefined, 'OPEN', { ref: 'again', kind: 'echo', resume });
    client.send(at, 'DATA');
    await world.timers.advance(2_000);
    client.send(back.at, 'DATA');
    client.send(undefined, 'CLOSE', { code: 1000, reason: '' });
    await world.settle();
    const errors = metrics.gathered('holdfast_mux_errors_total');
    expect(errors).to.deep.equal({ 'session.unknown': 1, 'session.owned_by_other': 1 });
    expect(metrics.gathered('holdfast_mux_closes_total')).to.deep.equal({
      'session 4005': 1,
      'connection 1000': 1,
    });
    expect(metrics.gathered('holdfast_mux_resumes_total')).to.deep.equal({
      recovered: 1,
      gap: 0,
      refused: 1,
    });
    expect(metrics.gathered('holdfast_mux_frames_dropped_total')['closed-handle']).to.equal(1);
    expect(metrics.gathered('holdfast_mux_scheduler_rounds_total').in).to.be.greaterThan(0);
    expect(metrics.of('holdfast_takeovers_refused_total').map(({ labels }) => labels)).to.deep.equal([
      { realm: 'mux', cause: 'token' },
    ]);
  });

  it('are read in the form of Prometheus', async () => {
    const prom = new PromMetrics({ processMetrics: true });
    prom.gather(() => [
      { name: 'a_total', type: 'counter', samples: [{ labels: { kind: 'echo' }, value: 3 }] },
      { name: 'b', type: 'gauge', samples: [{ labels: {}, value: 1 }] },
      {
        name: 'c',
        type: 'histogram',
        samples: [{ suffix: '_bucket', labels: { le: '+Inf' }, value: 1 }],
      },
    ]);
    const text = await prom.text();
    expect(text).to.contain('# TYPE a_total counter\na_total{kind="echo"} 3\n');
    expect(text).to.contain('# TYPE b gauge\nb 1\n');
    expect(text).to.contain('# TYPE c histogram\nc_bucket{le="+Inf"} 1\n');
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_heap_size_used_bytes',
      'nodejs_eventloop_lag_seconds',
    ]) {
      expect(text, name).to.match(new RegExp(`^${name} [0-9.e+-]+$`, 'm'));
    }
  });
});
