import { expect } from 'chai';
import { Connection } from '../../../../src/adapters/outbound/sqlite/connection.ts';
import { migrate } from '../../../../src/adapters/outbound/sqlite/migrations.ts';
import { MIGRATIONS } from '../../../../src/adapters/outbound/sqlite/schema.ts';
import {
  STREAM_COLUMNS,
  type StreamRow,
  sessionFrom,
} from '../../../../src/adapters/outbound/sqlite/streaming/stream-rows.ts';

describe('a store from before nodes were named', () => {
  it('keeps its streams, each driven by a node that nobody is', () => {
    const db = new Connection(':memory:');
    migrate(db, MIGRATIONS.slice(0, 8));
    db.exec(
      `INSERT INTO streams (id, owner, chat_id, model_id, state, first_offset, prompt_tokens, opened_at_ms, message_seq)
       VALUES ('s', 'u', 'c', 'm', 'running', 1, 2, 3, 4)`,
    );
    migrate(db, MIGRATIONS);
    const row = db.prepare(`SELECT ${STREAM_COLUMNS} FROM streams`).get() as unknown as StreamRow;
    expect(sessionFrom(row)).to.deep.include({ id: 's', node: '', state: 'running' });
    db.close();
  });
});
