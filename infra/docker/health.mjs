// A container's health: whether the service in it is ready to work.
const port = process.env.TRADEWIND__HTTP__PORT ?? "9100";
const told = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
  async (response) => ({ ok: response.ok, text: await response.text() }),
  (error) => ({ ok: false, text: `${error.cause?.code ?? error.message}\n` }),
);
process.stdout.write(told.text);
process.exit(told.ok ? 0 : 1);
