/* Sorting, filtering and paging of the trade list; a row leads to its place on the price plot. */
const list = document.getElementById("trades");
if (list) {
  const { instruments, legs, rows } = carried.trades;
  const PAGE = 50;
  const body = list.tBodies[0];
  const pages = document.querySelector(".pages");
  const filter = document.querySelector(".filter");
  let sort = { key: 3, down: false };
  let only = "all";
  let page = 0;
  const text = [
    (v) => instruments[v],
    (v) => (v ? "long" : "short"),
    (v) => dateTime(v * 1000),
    (v) => dateTime(v * 1000),
    quantity,
    quantity,
    quantity,
    signedMoney,
    signedPercent,
    signedPercent,
    signedPercent,
    (v) => v ?? NONE,
    (v) => legs[v],
  ];
  const minor = [...list.tHead.rows[0].cells].map((cell) => cell.className);
  const ranked = (row) => (sort.key === 0 ? instruments[row[0]] : sort.key === 12 ? legs[row[12]] : (row[sort.key] ?? -Infinity));

  function fill() {
    const wanted = rows.filter((row) => only === "all" || (only === "wins") === row[7] > 0);
    wanted.sort((a, b) => (ranked(a) < ranked(b) ? -1 : ranked(a) > ranked(b) ? 1 : 0) * (sort.down ? -1 : 1));
    const last = Math.max(0, Math.ceil(wanted.length / PAGE) - 1);
    page = Math.max(0, Math.min(page, last));
    body.replaceChildren(...wanted.slice(page * PAGE, (page + 1) * PAGE).map(line));
    pages.hidden = last === 0;
    pages.querySelector("span").textContent = `${page + 1} of ${last + 1}`;
    pages.querySelector('[data-page="-1"]').disabled = page === 0;
    pages.querySelector('[data-page="1"]').disabled = page === last;
  }

  function line(row) {
    const tr = document.createElement("tr");
    row.forEach((value, key) => {
      const cell = document.createElement(key === 0 ? "th" : "td");
      if (key === 0) cell.scope = "row";
      cell.className = key === 7 || key === 8 ? tone(value) : minor[key];
      cell.textContent = text[key](value);
      tr.append(cell);
    });
    const plot = plots.find((one) => one.id === `price${carried.prices.indexOf(instruments[row[0]])}`);
    if (plot) link(tr, plot, row);
    const when = document.createElement("small");
    when.className = "phone";
    when.textContent = `${text[1](row[1])} ${text[2](row[2])}`;
    tr.firstElementChild.append(when);
    return tr;
  }

  function link(tr, plot, row) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "goto";
    button.title = "Show on the price plot";
    button.textContent = tr.firstElementChild.textContent;
    button.addEventListener("click", () => {
      const [from, to] = [row[2] * 1000, row[3] * 1000];
      const air = Math.max((to - from) * 1.5, (whole.to - whole.from) / 400);
      const details = plot.figure.closest("details");
      if (details) details.open = true;
      show(from - air, to + air);
      plot.figure.scrollIntoView({ block: "center" });
      read(from);
    });
    tr.firstElementChild.replaceChildren(button);
  }

  list.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sort]");
    if (!button) return;
    const key = Number(button.dataset.sort);
    sort = { key, down: sort.key === key ? !sort.down : key >= 7 && key <= 10 };
    page = 0;
    for (const cell of list.tHead.rows[0].cells) cell.setAttribute("aria-sort", "none");
    button.parentElement.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
    fill();
  });
  filter.addEventListener("click", (event) => {
    if (!event.target.dataset.show) return;
    only = event.target.dataset.show;
    page = 0;
    for (const button of filter.children) button.setAttribute("aria-pressed", String(button === event.target));
    fill();
  });
  pages.addEventListener("click", (event) => {
    page += Number(event.target.dataset.page ?? 0);
    fill();
  });
  filter.hidden = false;
  fill();
}
