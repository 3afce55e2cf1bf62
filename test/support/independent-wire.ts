import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';

const PACKAGE = 'adrian.core_api.v1';
const SCALARS = {
  string: Type.STRING,
  bytes: Type.BYTES,
  bool: Type.BOOL,
  uint32: Type.UINT32,
  int32: Type.INT32,
};

/**
 * The messages of the wire as its field table gives them: `number name type`, `*` for a repeated one, `|` before a
 * member of the one choice that a message has. Written from the table alone, for another library than the server's.
 */
const MESSAGES: Readonly<Record<string, readonly string[]>> = {
  ClientFrame: ['1 |login SessionLogin', '3 |paired_batch PairedEventBatch', '4 |mcp_inventory McpInventory'],
  SessionLogin: [
    '1 session_id string',
    '2 llm_stack LlmStack',
    '4 schema_version uint32',
    '5 source string',
    '6 connection_id string',
  ],
  LlmStack: ['1 provider string', '2 model string'],
  PairedEventBatch: ['1 events *PairedEvent'],
  PairedEvent: [
    '1 event_id string',
    '2 invocation_id string',
    '3 session_id string',
    '4 run_id string',
    '5 parent_run_id string',
    '6 timestamp string',
    '7 pair_type PairType',
    '8 agent AgentContext',
    '9 parent AgentContext',
    '10 |llm LlmPairData',
    '11 |tool ToolPairData',
    '12 connection_id string',
    '20 metadata_json bytes',
    '21 source string',
  ],
  AgentContext: ['1 agent_id string', '2 system_prompt string', '3 user_instruction string'],
  LlmPairData: [
    '1 model string',
    '2 messages *ChatMessage',
    '3 output string',
    '4 tool_calls *ToolCall',
    '5 usage Usage',
    '6 reasoning string',
  ],
  ChatMessage: ['1 role string', '2 content string'],
  ToolCall: ['1 name string', '2 args string', '3 id string'],
  Usage: ['1 prompt_tokens int32', '2 completion_tokens int32', '3 total_tokens int32'],
  ToolPairData: ['1 tool_name string', '2 tool_call_id string', '3 input string', '4 output string'],
  McpInventory: ['1 servers *Server'],
  Server: ['1 name string', '2 transport string', '3 endpoint string'],
  ServerFrame: ['1 |login_ack Ack', '2 |verdict Verdict'],
  Ack: ['1 policy PolicySnapshot', '2 source string'],
  Verdict: [
    '1 event_id string',
    '2 session_id string',
    '4 mad_code string',
    '6 policy PolicySnapshot',
    '7 hitl Decision',
    '8 status Status',
  ],
  Decision: ['1 continue_execution bool'],
  PolicySnapshot: [
    '1 mode Mode',
    '2 policy_m0 bool',
    '3 policy_m2 bool',
    '4 policy_m3 bool',
    '5 policy_m4 bool',
    '6 fail_closed_on_classifier_error bool',
  ],
};
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  PairType: ['PAIR_NONE', 'PAIR_LLM', 'PAIR_TOOL'],
  Mode: ['MODE_NONE', 'MODE_ALERT', 'MODE_HITL', 'MODE_BLOCK'],
  Status: ['STATUS_NONE', 'STATUS_OK', 'STATUS_ERROR'],
};

function fieldOf(written: string) {
  const [number, marked = '', kind = ''] = written.split(' ');
  const name = marked.replace('|', '');
  const isRepeated = kind.startsWith('*');
  const type = kind.replace('*', '');
  const reference = `.${PACKAGE}.${type}`;
  const scalar = type in SCALARS ? SCALARS[type as keyof typeof SCALARS] : undefined;
  return {
    name,
    jsonName: name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    number: Number(number),
    label: isRepeated ? Label.REPEATED : Label.OPTIONAL,
    type: scalar ?? (type in ENUMS ? Type.ENUM : Type.MESSAGE),
    ...(scalar === undefined ? { typeName: reference } : {}),
    ...(marked.startsWith('|') ? { oneofIndex: 0 } : {}),
  };
}

const file = create(FileDescriptorProtoSchema, {
  name: 'independent.proto',
  package: PACKAGE,
  syntax: 'proto3',
  messageType: Object.entries(MESSAGES).map(([name, fields]) => ({
    name,
    field: fields.map(fieldOf),
    oneofDecl: fields.some((field) => field.includes('|')) ? [{ name: 'choice' }] : [],
  })),
  enumType: Object.entries(ENUMS).map(([name, values]) => ({
    name,
    value: values.map((value, number) => ({ name: value, number })),
  })),
});
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));

function message(name: string): DescMessage {
  const found = registry.getMessage(`${PACKAGE}.${name}`);
  if (found === undefined) throw new Error(`There is no message ${name}`);
  return found;
}

/** What an agent would send, from the JSON form of a client's frame; enumerations by their numbers. */
export const independentClientFrame = (frame: JsonValue): Uint8Array =>
  toBinary(message('ClientFrame'), fromJson(message('ClientFrame'), frame));

/** One event as an agent would put it into a batch, from its JSON form; enumerations by their numbers. */
export const independentPairedEvent = (event: JsonValue): Uint8Array =>
  toBinary(message('PairedEvent'), fromJson(message('PairedEvent'), event));

/** What an agent reads in bytes of the server's, in JSON form with enumerations as numbers. */
export const independentServerFrame = (bytes: Uint8Array): JsonValue =>
  toJson(message('ServerFrame'), fromBinary(message('ServerFrame'), bytes), { enumAsInteger: true });

/** Bytes of a field of any number and wire type, for frames that no schema has. */
export function rawField(number: number, wireType: number, content: Uint8Array): Uint8Array {
  return Uint8Array.from([...varint((number << 3) | wireType), ...content]);
}

/** A field of bytes with its length. */
export const rawBytes = (number: number, content: Uint8Array): Uint8Array =>
  Buffer.concat([rawField(number, 2, varint(content.length)), content]);

/** A whole number as the wire writes it. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value >>> 0; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
