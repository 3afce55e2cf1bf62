/** The credential with which the services of one deployment know each other. Two may be valid during rotation. */
export interface ServiceKeys {
  /** Whether a presented key is one of the valid ones, compared in constant time. */
  accepts(presented: string): boolean;
}
