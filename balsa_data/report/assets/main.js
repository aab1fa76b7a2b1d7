// The page from top to bottom.

function theme() {
  const root = document.documentElement, button = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  let kept = null;
  try { kept = localStorage.getItem("balsa-theme"); } catch { /* a sandboxed frame has no storage */ }
  const dark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.replaceChildren(icon(dark() ? "light" : "dark"), el("span", {}, dark() ? "Light" : "Dark"));
    button.setAttribute("aria-label", `Switch to ${dark() ? "light" : "dark"} colours`);
  };
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  system.addEventListener("change", show);
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("balsa-theme", root.dataset.theme); } catch { /* nor keeps it */ }
    show();
  });
  show();
}

function overview() {
  const { counts, planned, usage } = data;
  const pending = Math.max(0, planned - sum(Object.values(counts)));
  const all = { ...counts, pending };
  const tokens = usage.prompt_tokens + usage.completion_tokens;
  const first = data.draws[0] ?? 0;
  const facts = [
    [percent(counts.sample, planned - pending), "of answers accepted", counts.sample ? `${percent(first, counts.sample)} of them at the first draw` : null],
    [compact(data.sounds.distinct), "sounds", `${compact(data.sounds.present[0])} affirmed, ${compact(data.sounds.absent[0])} denied`],
    [compact(tokens), "tokens", counts.sample ? `${number(Math.round(tokens / counts.sample))} for each sample` : null],
    [dollars(usage.cost), usage.cost == null ? "price unknown" : "spent", usage.cost && counts.sample ? `${dollars((1000 * usage.cost) / counts.sample)} per 1,000 samples` : `${plural(usage.requests, "request")}`],
  ];
  byId("overview").append(
    el("p", { class: "over" }, "Written by ", el("b", {}, data.backbones.join(", ") || "nobody yet"), data.seed == null ? "" : ` · seed ${data.seed}`, ` · ${data.folder}`),
    el("h1", {}, data.name),
    data.description ? el("p", { class: "description" }, data.description) : null,
    el("p", { class: "headline" }, el("b", {}, number(counts.sample)), ` of ${plural(planned, "planned request")} became samples`, pending ? "; the run is not finished." : "."),
    el("div", { class: "stack tall", role: "img", "aria-label": Object.entries(all).map(([kind, n]) => `${WORD[kind]} ${number(n)}`).join(", ") },
      Object.entries(all).filter(([, n]) => n).map(([kind, n]) => el("span", { class: `part ${kind}`, "--share": n / planned }))),
    el("ul", { class: "legend" }, Object.entries(all).filter(([kind, n]) => n || kind !== "pending").map(([kind, n]) =>
      el("li", {}, el("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), el("span", {}, WORD[kind]), el("b", {}, number(n)), el("span", { class: "n" }, percent(n, planned))))),
    el("ul", { class: "facts" }, facts.map(([figure_, name, note]) => el("li", {}, el("b", {}, figure_), el("span", {}, name), note ? el("small", {}, note) : null))));
}

theme();
overview();
byId("outcome").append(
  el("div", { class: "grid" },
    acceptance("By task", data.tasks, 0, (task) => look({ task })),
    el("div", {}, acceptance("By corpus", data.corpora.rows, data.corpora.more), draws(data.draws))),
  reasons(data.reasons, (reason) => look({ reason })));
byId("composition").append(el("div", { class: "grid" },
  el("div", {}, sounds(data.sounds, (sound) => look({ sound }))),
  el("div", {}, answers(data.answers), lengths(data.lengths), phrasings(data.phrasings))));
byId("effort").append(el("div", { class: "grid" }, effort(data.tasks, data.usage), pace(data.pace)));
browser();
byId("made").append(el("details", {}, el("summary", {}, "The recipe"), el("pre", {}, data.recipe)));
