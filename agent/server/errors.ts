/** Why a server could not start. */
export type ServerErrorCode =
  | 'listen' /* not HOST:PORT */
  | 'port-taken'
  | 'address' /* not one of this machine's */
  | 'permission'
  | 'token-required'
  | 'token-file';

export class ServerError extends Error {
  readonly code: ServerErrorCode;
  constructor(code: ServerErrorCode, message: string) {
    super(message);
    this.name = 'ServerError';
    this.code = code;
  }
}

/** What listening failed with, as a sentence for who started it. */
export function listenError(error: NodeJS.ErrnoException, where: string): ServerError {
  switch (error.code ?? '') {
    case 'EADDRINUSE':
      return new ServerError(
        'port-taken',
        `cannot listen on ${where}: another program does; choose another with --listen`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ServerError('address', `cannot listen on ${where}: this machine has no such address`);
    case 'EACCES':
    case 'EPERM':
      return new ServerError(
        'permission',
        `cannot listen on ${where}: not permitted; ports below 1024 want CAP_NET_BIND_SERVICE`,
      );
    default:
      return new ServerError('listen', `cannot listen on ${where}: ${error.message}`);
  }
}
