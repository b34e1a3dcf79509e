const KEY = "tradewind.token";
const AGAIN_FIRST_MS = 500;
const AGAIN_MOST_MS = 8_000;

/** The token of this tab: from the address once (`#token=`), then from the tab's own storage. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY) ?? undefined;
}

export const keepToken = (token) => sessionStorage.setItem(KEY, token);
export const forgetToken = () => sessionStorage.removeItem(KEY);

/** Asks the gateway; throws an error with the gateway's own message and `status`. */
export async function ask(path, options = {}) {
  return (await answered(path, options)).json();
}

/** As `ask`, where the answer is a text. */
export async function askText(path, options = {}) {
  return (await answered(path, options)).text();
}

async function answered(path, { query, body }) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(name, value);
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${sessionStorage.getItem(KEY)}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { method: "POST", body: JSON.stringify(body) }),
  });
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw Object.assign(new Error(answer.error?.message ?? `the gateway answers ${response.status}`), { status: response.status });
}

/** The live stream, opened again for as long as the page lives. */
export function listen({ message, opened, lost, refused }) {
  let waitMs = AGAIN_FIRST_MS;
  const open = () => {
    const token = sessionStorage.getItem(KEY);
    const plain = /^[\w!#$%&'*+.^`|~-]+$/.test(token);
    const url = new URL("/api/live", location.origin.replace(/^http/, "ws"));
    if (!plain) url.searchParams.set("token", token);
    const socket = new WebSocket(url, plain ? ["tradewind", `bearer.${token}`] : []);
    socket.addEventListener("open", () => {
      waitMs = AGAIN_FIRST_MS;
      opened();
    });
    socket.addEventListener("message", ({ data }) => message(JSON.parse(data)));
    socket.addEventListener("close", () => {
      lost();
      setTimeout(again, waitMs);
      waitMs = Math.min(2 * waitMs, AGAIN_MOST_MS);
    });
  };
  /** A browser does not say why a stream was refused; a plain request does. */
  const again = async () => {
    try {
      await ask("/api/status");
    } catch (error) {
      if (error.status === 401) return refused();
    }
    open();
  };
  open();
}
