/** A server that tests start, stop and kill. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Ends it in an orderly way. */
  stop(): Promise<void>;
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again, same port and store; stops it first when it runs. */
  restart(): Promise<void>;
}
