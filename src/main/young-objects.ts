import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 make every object young, wherever the code stands that makes it. By itself it has those made among old objects
 * that often lived long at that place, and with them whatever is put into them: what a request leaves is then held by
 * garbage until all of the memory is collected, and each collection of young objects copies it meanwhile (ADR 48). To be
 * called before there is any load.
 */
export function makeObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
