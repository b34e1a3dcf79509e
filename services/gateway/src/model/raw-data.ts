const MARK = ',"data":';

/** The payload of a message as it was written, byte for byte: `data` is the last member of every envelope. */
export function rawData(message: string): string {
  const at = message.indexOf(MARK);
  return at < 0 ? message : message.slice(at + MARK.length, message.lastIndexOf("}"));
}
