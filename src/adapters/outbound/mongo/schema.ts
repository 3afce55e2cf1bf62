import { isDeepStrictEqual } from 'node:util';
import { type Collection, type Db, type IndexDescriptionInfo, MongoServerError } from 'mongodb';
import { ACCOUNTING_INDEXES } from './accounting/accounting-indexes.ts';
import { ALERT_INDEXES, UNINDEXED_ALERTS } from './alerts/alert-documents.ts';
import { AUDIT_INDEXES, UNINDEXED_AUDIT } from './audit/audit-indexes.ts';
import { CONTROL_INDEXES, UNINDEXED_CONTROL } from './control/control-indexes.ts';
import { FLEET_INDEXES } from './fleet/fleet-indexes.ts';
import { IDENTITY_INDEXES, UNINDEXED_IDENTITY } from './identity/identity-indexes.ts';
import type { IndexSpec } from './index-spec.ts';
import { isDuplicateKey } from './mongo-fault.ts';
import { SUBSCRIBER_INDEXES } from './multiplexing/subscriber-indexes.ts';
import { STREAMING_INDEXES, UNINDEXED_STREAMING } from './streaming/streaming-indexes.ts';

/** The version of the documents' forms that this program reads and writes. */
const SCHEMA_VERSION = 1;
/** The server's codes for collections and indexes that somebody else has just made. */
const ALREADY_THERE = 48;

/** All indexes of a store. */
export const INDEXES: readonly IndexSpec[] = [
  ...ACCOUNTING_INDEXES,
  ...ALERT_INDEXES,
  ...AUDIT_INDEXES,
  ...CONTROL_INDEXES,
  ...FLEET_INDEXES,
  ...IDENTITY_INDEXES,
  ...STREAMING_INDEXES,
  ...SUBSCRIBER_INDEXES,
];
/** All collections of a store. Those that transactions write to are there before the first one. */
export const COLLECTIONS: ReadonlySet<string> = new Set([
  ...INDEXES.map(({ collection }) => collection),
  ...UNINDEXED_ALERTS,
  ...UNINDEXED_AUDIT,
  ...UNINDEXED_CONTROL,
  ...UNINDEXED_IDENTITY,
  ...UNINDEXED_STREAMING,
]);

/** Makes one index, however long that takes. @throws as the driver does. */
export type MakeIndex = (spec: IndexSpec) => Promise<void>;

interface Meta {
  readonly _id: string;
  readonly version: number;
}

/**
 * Makes what is missing of the schema, and sees that the rest is what this program needs. Any number of nodes may do
 * so at once.
 *
 * @throws Error with a sentence that names the version, or the index, that is another.
 */
export async function prepareSchema(db: Db, makeIndex: MakeIndex): Promise<void> {
  await requireVersion(db);
  // One question for all of them: a start waits for each answer, and mostly they are there.
  const there = await db.listCollections({}, { nameOnly: true }).toArray();
  const names = new Set(there.map(({ name }) => name));
  for (const collection of COLLECTIONS) {
    const isNew = !names.has(collection) && (await isMade(db, collection));
    const specs = INDEXES.filter((spec) => spec.collection === collection);
    if (specs.length > 0) await prepareIndexes({ db, makeIndex }, db.collection(collection), specs, isNew);
  }
}

/** Makes a collection. False when somebody else was before it. */
async function isMade(db: Db, name: string): Promise<boolean> {
  try {
    await db.createCollection(name);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code !== ALREADY_THERE) throw error;
    return false;
  }
}

/**
 * Sees that the database is one of this program's, without making anything in it.
 *
 * @throws Error with a sentence when it is empty, or of another version.
 */
export async function requireSchema(db: Db): Promise<void> {
  const stored = await db.collection<Meta>('meta').findOne({ _id: 'schema' });
  if (stored === null) throw new Error(`There is no Holdfast store in the database ${db.databaseName}.`);
  requireKnown(db, stored);
}

async function requireVersion(db: Db): Promise<void> {
  const metas = db.collection<Meta>('meta');
  const stored = await metas.findOne({ _id: 'schema' });
  if (stored === null) {
    await metas.insertOne({ _id: 'schema', version: SCHEMA_VERSION }).catch((error: unknown) => {
      if (!isDuplicateKey(error)) throw error;
    });
    return requireVersion(db);
  }
  requireKnown(db, stored);
}

function requireKnown(db: Db, { version }: Meta): void {
  if (version === SCHEMA_VERSION) return;
  throw new Error(
    `The database ${db.databaseName} has schema ${version}, and this program knows ${SCHEMA_VERSION}: run the version of Holdfast that wrote it, or a newer one.`,
  );
}

async function prepareIndexes(
  { db, makeIndex }: { readonly db: Db; readonly makeIndex: MakeIndex },
  collection: Collection,
  specs: readonly IndexSpec[],
  isNew: boolean,
): Promise<void> {
  const missing = isNew ? specs : missingOf(db, specs, await collection.indexes());
  for (const spec of missing) {
    await makeIndex(spec).catch((cause: Error) => {
      // A server that is away is not the index's fault.
      if (!(cause instanceof MongoServerError)) throw cause;
      throw new Error(
        `MongoDB does not make the index ${spec.name} of ${db.databaseName}.${spec.collection}: ${cause.message}`,
        { cause },
      );
    });
  }
  if (missing.length === 0) return;
  const left = missingOf(db, specs, await collection.indexes());
  if (left.length > 0) {
    throw new Error(`MongoDB did not make the index ${left[0]?.collection}.${left[0]?.name}.`);
  }
}

/** The indexes that are not there. @throws Error that names one that is there, or has the keys of one, and is another. */
function missingOf(
  db: Db,
  specs: readonly IndexSpec[],
  present: readonly IndexDescriptionInfo[],
): IndexSpec[] {
  return specs.filter((spec) => {
    const found = present.find(({ name }) => name === spec.name);
    const inItsPlace = present.find((index) => hasKeys(index, spec) && isAlike(index, spec));
    const index = `The index ${spec.name} of ${db.databaseName}.${spec.collection}`;
    if (found === undefined && inItsPlace === undefined) return true;
    if (found === undefined) {
      throw new Error(`${index} is there as ${inItsPlace?.name}: drop that, and start again.`);
    }
    if (hasKeys(found, spec) && isAlike(found, spec)) return false;
    throw new Error(`${index} is not the one that this program needs: drop it, and start again.`);
  });
}

const hasKeys = ({ key }: IndexDescriptionInfo, spec: IndexSpec): boolean =>
  isDeepStrictEqual(Object.entries(key), Object.entries(spec.key));

/** Whether an index takes the same documents, compares them as bytes, and is used. */
function isAlike(found: IndexDescriptionInfo, { options = {} }: IndexSpec): boolean {
  const { unique, partialFilterExpression, expireAfterSeconds } = options;
  return (
    Boolean(found.unique) === Boolean(unique) &&
    found.expireAfterSeconds === expireAfterSeconds &&
    isDeepStrictEqual(found.partialFilterExpression ?? {}, partialFilterExpression ?? {}) &&
    found.sparse !== true &&
    found.hidden !== true &&
    found.collation === undefined
  );
}
