/** What a lab could not do. The message is one line that names the one thing missing or gone wrong. */
export class LabError extends Error {
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string) {
    super(message);
    this.name = 'LabError';
    this.code = code;
  }
}

export type LabErrorCode =
  | 'missing' /* a privilege, command, kernel feature or built program that a lab needs */
  | 'unknown' /* no topology, lab, node or pod of that name */
  | 'invalid' /* an argument that cannot be */
  | 'failed' /* a command ended with an error */
  | 'wire' /* the wire refused or is gone */
  | 'agent' /* an agent did not start */
  | 'port'; /* cannot be listened on */
