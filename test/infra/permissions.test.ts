import { connectNats } from "@tradewind/bus";
import { kindOf, patternOf, subjects, type Kind } from "@tradewind/contracts";
import { eventually, type NatsServer } from "@tradewind/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { natsConfig } from "../../infra/nats/config.ts";
import { roles } from "../../infra/nats/permissions.ts";
import { openLine, type NatsLine } from "./nats-line.ts";
import { checkedIn, credential, startNatsWithUsers } from "./nats-users.ts";

const streamOfKind: Partial<Record<Kind, string>> = {
  candle: "MARKET",
  feature: "MARKET",
  prediction: "DECISIONS",
  signal: "DECISIONS",
  decision: "DECISIONS",
  ledger: "LEDGER",
};

/** Who may say, hear (as it is said) and read (from the log) each kind. */
const kinds = `
             market-data  strategy  model-inference  orchestrator  execution  trainer  gateway        tap
candle       say read     read      read             read          read       read     hear read      hear
feature      say read     -         read             -             -          -        hear read      hear
prediction   -            -         say read         read          -          -        hear read      hear
signal       -            say read  -                read          -          -        hear read      hear
decision     -            -         -                say read      read       -        hear read      hear
ledger       -            -         -                -             say read   read     hear read      hear
order        -            -         -                -             say        -        hear           hear
fill         -            -         -                -             say        -        hear           hear
position     -            -         -                -             say        -        hear           hear
equity       -            -         -                -             say        -        hear           hear
command      -            -         -                -             -          -        say hear       hear
job          -            -         -                say           -          -        say hear       hear
training     -            -         -                -             -          say      hear           hear`;

/** Who may write or use what lies beside the kinds. */
const others = `
                                                                market-data      strategy         model-inference  orchestrator     execution        trainer          gateway          tap
$KV.run.manifest                                                say              say              say              say              say              say              say              -
$KV.run.clock                                                   say              -                -                -                -                -                -                -
$KV.variants.some                                               -                -                -                -                -                -                say              -
$KV.models.some                                                 -                -                say              say              -                say              -                -
$KV.jobs.some                                                   -                -                -                say              -                say              say              -
$KV.scores.some                                                 -                -                -                say              -                -                -                -
$KV.leases.execution.some                                       -                -                -                -                say              -                -                -
$KV.leases.orchestrator.some                                    -                -                -                say              -                -                -                -
$KV.states.strategy.some                                        -                say              -                -                -                -                -                -
$KV.checkpoints.execution.some                                  -                -                -                -                say              -                -                -
$O.model-files.C.some                                           -                -                say              -                -                say              say              -
$O.model-cards.C.some                                           -                -                say              -                -                say              say              -
$JS.API.CONSUMER.CREATE.JOBS.work-tw-job-train.tw.job.train     -                -                -                -                -                say              -                -
$JS.API.CONSUMER.MSG.NEXT.JOBS.work-tw-job-train                -                -                -                -                -                say              -                -
$JS.API.CONSUMER.MSG.NEXT.JOBS.other                            -                -                -                -                -                -                -                -
$JS.API.CONSUMER.DELETE.JOBS.work-tw-job-train                  -                -                -                -                -                -                -                -
$JS.ACK.JOBS.work-tw-job-train.1.1.1.1.1                        -                -                -                -                -                say              -                -
$JS.API.STREAM.PURGE.JOBS                                       -                -                -                -                -                -                -                -
$JS.API.STREAM.CREATE.LEDGER                                    say              say              say              say              say              say              say              -
$JS.API.STREAM.CREATE.OTHER                                     -                -                -                -                -                -                -                -
$JS.API.STREAM.UPDATE.LEDGER                                    -                -                -                -                -                -                -                -
$JS.API.STREAM.DELETE.LEDGER                                    -                -                -                -                -                -                -                -
$JS.API.STREAM.PURGE.LEDGER                                     -                -                -                -                -                -                -                -
$JS.API.STREAM.MSG.DELETE.LEDGER                                -                -                -                -                -                -                -                -
$JS.API.STREAM.RESTORE.LEDGER                                   -                -                -                -                -                -                -                -
$JS.API.DIRECT.GET.LEDGER                                       -                -                -                -                -                -                -                -
$JS.API.CONSUMER.CREATE.LEDGER.some                             -                -                -                -                -                -                -                -
_INBOX_execution.some                                           -                -                -                -                hear             -                -                -
tw.command.execution.halt                                       -                -                -                -                hear             -                say hear         hear
tw.other                                                        -                -                -                -                -                -                hear             hear
$SYS.REQ.SERVER.PING                                            -                -                -                -                -                -                -                -`;

describe("the users of the NATS server", () => {
  let server: NatsServer;
  const lines = new Map<string, NatsLine>();

  beforeAll(async () => {
    server = await startNatsWithUsers();
    for (const { user } of roles) lines.set(user, await openLine(server.host, server.port, credential(user)));
  });
  afterAll(async () => {
    for (const line of lines.values()) line.close();
    await server.stop();
  });

  async function may(user: string, line: string): Promise<boolean> {
    const refused = await lines.get(user)!.tell(line);
    for (const words of refused) expect(words).toMatch(/^Permissions Violation/);
    return refused.length === 0;
  }
  const mayPublish = (user: string, subject: string): Promise<boolean> => may(user, `PUB ${subject} 0\r\n`);

  async function cell(user: string, row: string): Promise<string> {
    const kind = Object.hasOwn(subjects, row) ? (row as Kind) : undefined;
    const subject = kind === undefined ? row : patternOf(kind).replaceAll("*", "some");
    const stream = kind && streamOfKind[kind];
    const can = [
      (await mayPublish(user, subject)) && "say",
      (await may(user, `SUB ${subject} 1`)) && "hear",
      stream && (await mayPublish(user, `$JS.API.CONSUMER.CREATE.${stream}.some.${patternOf(kind)}`)) && "read",
    ];
    return can.filter(Boolean).join(" ") || "-";
  }

  async function matrix(rows: readonly string[]): Promise<Record<string, Record<string, string>>> {
    const tried: Record<string, Record<string, string>> = {};
    for (const row of rows) {
      tried[row] = {};
      for (const { user } of roles) tried[row][user] = await cell(user, row);
    }
    return tried;
  }

  test("given each credential, when it is tried on each subject of the contracts, only its own is allowed", async () => {
    const tried = await matrix(Object.keys(subjects));
    console.table(tried);
    expect(tried).toEqual(tableOf(kinds));
  });

  test("given each credential, when it is tried on buckets, files and the management of streams, only its own is allowed", async () => {
    const wanted = tableOf(others);
    const tried = await matrix(Object.keys(wanted));
    console.table(tried);
    expect(tried).toEqual(wanted);
  });

  test("given the ledger, exactly one user may append to it", () => {
    expect(roles.filter(({ says }) => says.includes("ledger")).map(({ user }) => user)).toEqual(["execution"]);
  });

  test.each([
    ["no credential", undefined],
    ["a wrong password", { user: "execution", pass: "wrong" }],
    ["an empty password", { user: "execution", pass: "" }],
    ["a user that does not exist", { user: "admin", pass: "password-of-admin" }],
    ["another user's password", { user: "execution", pass: "password-of-gateway" }],
  ])("given %s, the connection is refused", async (_, wrong) => {
    await expect(openLine(server.host, server.port, wrong)).rejects.toThrow(/Authorization Violation/);
  });

  test("given the credential of a service, the bus does for it all that its stage needs", async () => {
    const asker = await connectNats({ servers: server.url, name: "gateway", ...credential("gateway"), inboxPrefix: "_INBOX_gateway" });
    for (const role of roles.filter(({ answers }) => answers)) {
      const refused: unknown[] = [];
      const { user, pass } = credential(role.user);
      const bus = await connectNats({
        servers: server.url,
        name: user,
        user,
        pass,
        inboxPrefix: `_INBOX_${user}`,
        onError: (error) => refused.push(error),
      });
      try {
        await bus.ensure();
        for (const kind of role.reads) {
          for await (const { subject } of bus.read(patternOf(kind), { after: 0 })) expect(kindOf(subject)).toBe(kind);
          await bus.last(patternOf(kind).replaceAll("*", "none"));
        }
        for (const bucket of role.looksUp) {
          await bus.kv(bucket).entries();
          await bus.kv(bucket).get("none");
          (await bus.kv(bucket).watch(() => undefined)).stop();
        }
        for (const bucket of ["states", "leases", "checkpoints"] as const) {
          const revision = await bus.kv(bucket).create(`${user}.a.b`, "1");
          await bus.kv(bucket).delete(`${user}.a.b`, revision);
        }
        if (role.files === "write") {
          await bus.blobs("model-files").put("a", new Uint8Array(300_000));
          expect((await bus.blobs("model-files").get("a"))?.length).toBe(300_000);
          expect(await bus.blobs("model-files").list()).toEqual(["a"]);
          await bus.blobs("model-files").delete("a");
        }
        for (const kind of role.works) {
          let taken = false;
          const worker = await bus.work({
            subject: `tw.job.${kind}`,
            async take(_, renew) {
              renew();
              taken = true;
            },
          });
          await asker.append(`tw.job.${kind}`, "one");
          await eventually(() => taken);
          await worker.stop();
        }
        expect(refused, user).toEqual([]);
      } finally {
        await bus.close();
      }
    }
    await asker.close();
  });

  test("given a command to a service, it answers into the gateway's inbox and nowhere else", async () => {
    const open = (user: string) => connectNats({ servers: server.url, name: user, ...credential(user), inboxPrefix: `_INBOX_${user}` });
    const [gateway, execution] = await Promise.all([open("gateway"), open("execution")]);
    try {
      execution.respond("tw.command.execution.*", async ({ data }) => `heard ${data}`);
      expect(await eventually(() => gateway.request("tw.command.execution.halt", "it", 5_000))).toBe("heard it");
      expect(await mayPublish("execution", "_INBOX_gateway.some")).toBe(false);
    } finally {
      await Promise.all([gateway.close(), execution.close()]);
    }
  });
});

test("given the table of roles, the server's configuration in the repository is made of it", () => {
  expect(checkedIn, "run: node infra/nats/generate.ts").toBe(natsConfig());
});

/** A table of text with two or more spaces between its columns. */
function tableOf(text: string): Record<string, Record<string, string>> {
  const [head, ...rows] = text.trimEnd().split("\n").slice(1);
  const starts = [...head!.matchAll(/\S+/g)].map((match) => ({ name: match[0], at: match.index }));
  return Object.fromEntries(
    rows.map((row) => [
      /^\S+/.exec(row)![0],
      Object.fromEntries(starts.map(({ name, at }, i) => [name, row.slice(at, starts[i + 1]?.at).trim()])),
    ]),
  );
}
