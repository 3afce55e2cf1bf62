import { expect } from 'chai';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import {
  BILLED_BY_LOG_ALONE,
  CHECKPOINT_WITHIN_MS,
} from '../../../../src/application/streaming/engine/hold-checkpoint.ts';
import { sealFromLog } from '../../../../src/application/streaming/engine/seal-from-log.ts';
import type { StreamId } from '../../../../src/domain/streaming/stream-id.ts';
import { StreamingWorld } from '../../../support/streaming-world.ts';

const AWAY = new PortError('unavailable', 'accounting', 'nobody listens');
/** Tokens of the prompt of the world's streams. */
const PROMPT = 4;

describe('a stream that is ended by its log and its hold', () => {
  let world: StreamingWorld;
  let id: StreamId;
  beforeEach(async () => {
    world = await StreamingWorld.create();
    ({ id } = await world.begin());
  });

  const say = async (...words: string[]): Promise<void> => {
    world.model.call.say(...words);
    await world.settle();
  };
  const seal = () => sealFromLog(world.stored(id), { kind: 'interrupt' }, world);

  it('costs what the log proves when that is later than the checkpoint', async () => {
    await world.holds.extend(id, PROMPT + 1);
    await say('a', 'b');
    await seal();
    expect(world.stored(id).end).to.include({ inputTokens: PROMPT, outputTokens: 2 });
  });

  it('costs what the checkpoint proves when that is later: tokens without a text are in no log', async () => {
    await say('a');
    await world.holds.extend(id, PROMPT + 40);
    const outcome = await seal();
    if (outcome.kind !== 'sealed') throw new Error('nobody else has ended it');
    expect(world.stored(id).end).to.include({ inputTokens: PROMPT, outputTokens: 40 });
    expect(outcome.seal.intent).to.deep.equal({ kind: 'abort', id, tokens: PROMPT + 40 });
    expect(outcome.seal.terminal.outputTokens).to.equal(40);
    expect(outcome.seal.message?.content).to.equal('a');
  });

  it('costs its prompt when nothing but the checkpoint proves that the model was asked', async () => {
    await world.holds.extend(id, PROMPT);
    await seal();
    expect(world.stored(id).end).to.include({ inputTokens: PROMPT, outputTokens: 0 });
  });

  it('costs nothing when neither proves that the model was asked', async () => {
    await world.holds.extend(id, 0);
    await seal();
    expect(world.stored(id).end).to.include({ inputTokens: 0, outputTokens: 0 });
  });

  it('waits for an accounting that is away for a moment', async () => {
    await world.holds.extend(id, PROMPT + 40);
    world.holds.fault.checkpoint = AWAY;
    const sealing = seal();
    await world.timers.advance(CHECKPOINT_WITHIN_MS - 1);
    expect(world.stored(id).state).to.equal('running');
    delete world.holds.fault.checkpoint;
    await world.timers.advance(1_000);
    await sealing;
    expect(world.stored(id).end).to.include({ outputTokens: 40 });
  });

  it('costs what the log alone proves when accounting stays away, and that is said', async () => {
    await say('a', 'b');
    await world.holds.extend(id, PROMPT + 40);
    world.holds.fault.checkpoint = AWAY;
    const sealing = seal();
    await world.timers.advance(CHECKPOINT_WITHIN_MS);
    const outcome = await sealing;
    expect(world.stored(id).end).to.include({ inputTokens: PROMPT, outputTokens: 2 });
    expect(outcome.kind === 'sealed' && outcome.seal.intent).to.include({ tokens: PROMPT + 2 });
    const said = world.log.lines.filter(({ message }) => message === BILLED_BY_LOG_ALONE);
    expect(said.map(({ fields }) => fields.streamId)).to.deep.equal([id]);
  });
});
