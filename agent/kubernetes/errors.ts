/** Why the API server gave nothing, in one sentence and a stable code. */
export type KubernetesErrorCode =
  | 'not-in-cluster' /* this process is no pod, or has no ServiceAccount */
  | 'away' /* no answer, or none now */
  | 'unauthorized' /* the token is not accepted */
  | 'forbidden' /* a rule is missing */
  | 'gone' /* what we knew is too old to go on from */
  | 'refused' /* any other answer that is none */
  | 'garbage' /* an answer that nobody could understand */
  | 'too-large';

export class KubernetesError extends Error {
  override name = 'KubernetesError';
  readonly code: KubernetesErrorCode;
  /** The API server wants to be left alone for so long. */
  readonly retryAfterMs: number;

  constructor(code: KubernetesErrorCode, message: string, retryAfterMs = 0) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
