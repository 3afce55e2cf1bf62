import protobuf from 'protobufjs';

/** The schema that agents speak, for load generators and peers. */
const schema = protobuf.loadSync('src/adapters/inbound/control/agent-control.proto');
export const clientFrame = schema.lookupType('adrian.core_api.v1.ClientFrame');
export const serverFrame = schema.lookupType('adrian.core_api.v1.ServerFrame');
