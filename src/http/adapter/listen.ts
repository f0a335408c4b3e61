interface ListenAddress {
  host: string;
  port: number;
  /** The setting that the port comes from. */
  variable: string;
}

/**
 * Waits until a server listens.
 * @throws Error that names the setting to change when it can't.
 */
export async function untilListening<T>(listening: Promise<T>, address: ListenAddress): Promise<T> {
  try {
    return await listening;
  } catch (cause) {
    const sentence = sentenceOf((cause as NodeJS.ErrnoException).code, address);
    throw sentence ? new Error(sentence, { cause }) : cause;
  }
}

function sentenceOf(code: string | undefined, { host, port, variable }: ListenAddress): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is taken: stop the program that listens there, or set ${variable} to another port.`;
    case 'EACCES':
      return `Port ${port} is reserved by the operating system: set ${variable} to another port, such as one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST ${host} is no address of this machine: set it to 127.0.0.1, or to 0.0.0.0 for all of them.`;
    default:
      return undefined;
  }
}
