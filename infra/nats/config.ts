import { permissionsOf, roles, type Role } from "./permissions.ts";

/** Longer than any command may take: a model's file is tried out for up to two minutes before it is answered for. */
const ANSWER_WITHIN_S = 180;

/** The variable of a user's password in `passwords.conf`. */
export const passwordVariable = (user: string): string => `${user.toUpperCase().replaceAll("-", "_")}_PASSWORD`;

/** The server's configuration; `passwords.conf` beside it defines the passwords. For 2.9 and later. */
export function natsConfig(): string {
  return `# Made by \`node infra/nats/generate.ts\` from permissions.ts; a test holds it current.
# With 2.10 or later, \`sync_interval: always\` in the jetstream block keeps the log through a power cut.
listen: 0.0.0.0:4222
http: 127.0.0.1:8222
max_payload: 4MB

jetstream {
  store_dir: /data
  max_memory_store: 64MB
  max_file_store: 10GB
}

include passwords.conf

authorization {
  timeout: 2
  users: [
${roles.map(user).join("\n")}
  ]
}
`;
}

function user(role: Role): string {
  const { publish, subscribe } = permissionsOf(role);
  return `    {
      user: ${role.user}
      password: $${passwordVariable(role.user)}
      permissions: {
        publish: ${list(publish)}
        subscribe: ${list(subscribe)}${role.answers ? `\n        allow_responses: { max: 1, expires: ${ANSWER_WITHIN_S}s }` : ""}
      }
    }`;
}

/** An empty allow list would allow everything. */
function list(subjects: readonly string[]): string {
  if (subjects.length === 0) return '{ deny: ">" }';
  return `{ allow: [\n${subjects.map((subject) => `          "${subject}"`).join("\n")}\n        ] }`;
}
