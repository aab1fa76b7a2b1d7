// Charts are tables and lists whose cells hold bars, so that they read without eyes and print.

function stack(parts, whole) {
  return el("span", { class: "stack", "aria-hidden": "true" },
    parts.filter(([, n]) => n > 0).map(([kind, n]) => el("span", { class: `part ${kind}`, "--share": n / whole, title: `${WORD[kind]}: ${number(n)}` })));
}

function figure(title, note, ...content) {
  return el("figure", {}, el("figcaption", {}, el("h3", {}, title), note ? el("p", {}, note) : null), content);
}

function bars(head, rows) {
  return el("table", { class: "chart" },
    el("colgroup", {}, ["name", "wide", "share", "of"].map((name) => el("col", { class: name }))),
    head ? el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))) : null,
    el("tbody", {}, rows));
}

function acceptance(title, rows, more, choose) {
  const body = rows.map((row) => {
    const parts = OUTCOMES.map((kind) => [kind, row[kind] ?? 0]);
    const whole = sum(parts.map(([, n]) => n));
    const label = choose ? el("button", { type: "button", class: "link", onclick: () => choose(row.name), title: "Show these" }, taskName(row.name)) : row.name;
    return el("tr", {},
      el("th", { scope: "row" }, label),
      el("td", {}, stack(parts, whole)),
      el("td", { class: "n strong" }, percent(row.sample ?? 0, whole)),
      el("td", { class: "n" }, `${number(row.sample ?? 0)} / ${number(whole)}`));
  });
  return figure(title, null,
    bars(["", "", "accepted", "of all"], body),
    more ? el("p", { class: "note" }, `and ${number(more)} more`) : null);
}

function draws(counts) {
  const total = sum(counts);
  if (counts.length < 2 || !total) return null;
  const ordinal = (n) => ["First", "Second", "Third", "Fourth", "Fifth"][n] ?? `${n + 1}th`;
  return figure("By draw", "Which response became the sample; those before it failed a check.",
    bars(null, counts.map((n, i) => el("tr", {},
      el("th", { scope: "row" }, ordinal(i)),
      el("td", {}, stack([["sample", n], ["pending", total - n]], total)),
      el("td", { class: "n strong" }, percent(n, total)),
      el("td", { class: "n" }, number(n))))));
}

function reasons(table, choose) {
  if (!table.rows.length) return figure("Why not", null, el("p", { class: "note" }, "Nothing was rejected and nothing failed."));
  const most = Math.max(...table.rows.map((row) => row.lost + row.redrawn));
  return figure("Why not", "The first reason against each response. A response drawn again cost tokens, not a sample.",
    el("ol", { class: "reasons" }, table.rows.map((row) =>
      el("li", {},
        el("div", { class: "line" },
          row.lost ? el("button", { type: "button", class: "link", onclick: () => choose(row.name), title: "Show these" }, row.name) : el("span", {}, row.name),
          el("span", { class: "n" }, row.lost ? [el("b", {}, number(row.lost)), " lost"] : null, row.lost && row.redrawn ? " · " : null, row.redrawn ? `${number(row.redrawn)} drawn again` : null)),
        el("span", { class: "track", "aria-hidden": "true" },
          el("span", { class: `part ${row.check === "backbone" ? "failure" : "rejection"}`, "--share": row.lost / most }),
          el("span", { class: "part redrawn", "--share": row.redrawn / most })),
        el("p", { class: "meaning" }, el("span", { class: "check" }, row.check), " ", row.meaning || row.example),
        row.meaning && row.example ? el("p", { class: "example" }, "e.g. ", row.example) : null))),
    table.more ? el("p", { class: "note" }, `and ${number(table.more)} more reasons`) : null);
}

function sounds(of, choose) {
  if (!of.rows.length) return null;
  const most = Math.max(...of.rows.flatMap(([, present, absent]) => [present, absent]));
  const side = (kind, n) => el("td", { class: `side ${kind}`, "--share": n / most }, el("span", { class: "count" }, n ? number(n) : ""), el("span", { class: `part ${kind}`, "aria-hidden": "true" }));
  const head = (kind, [total]) => el("th", { scope: "col", class: kind }, icon(kind), `${kind === "present" ? "Affirmed" : "Denied"} · ${compact(total)}`);
  return figure("Sounds", `How often accepted samples affirm a sound and how often they deny it: ${plural(of.present[1], "sound")} affirmed, ${number(of.absent[1])} denied.`,
    el("table", { class: "butterfly" },
      el("thead", {}, el("tr", {}, head("present", of.present), el("th", { scope: "col", class: "aside" }, "Sound"), head("absent", of.absent))),
      el("tbody", {}, of.rows.map(([sound, present, absent]) => el("tr", {},
        side("present", present),
        el("th", { scope: "row" }, el("button", { type: "button", class: "link", onclick: () => choose(sound), title: `Show samples with “${sound}”` }, sound)),
        side("absent", absent))))),
    of.distinct > of.rows.length ? el("p", { class: "note" }, `and ${plural(of.distinct - of.rows.length, "more sound", "more sounds")}`) : null);
}

function lengths(of) {
  if (!of.rows.length) return null;
  const last = Math.max(...of.rows.map((row) => row.bins.findLastIndex((n) => n)));
  return figure("Response length", `Words in an accepted response, by task; ${of.width === 1 ? "each bar is one word" : `each bar spans ${of.width}`}.`,
    of.rows.map((row) => {
      const most = Math.max(...row.bins);
      const bins = row.bins.slice(0, last + 1);
      return el("div", { class: "histogram" },
        el("div", { class: "line" }, el("span", {}, taskName(row.task)), el("span", { class: "n" }, "median ", el("b", {}, number(row.median)), ` · longest ${number(row.longest)}`)),
        el("div", { class: "columns", role: "img", "aria-label": `Median ${row.median} words, longest ${row.longest}` },
          bins.map((n, i) => el("span", { class: "column", "--share": n / most, title: `${i * of.width}–${(i + 1) * of.width - 1} words: ${number(n)}` }))));
    }),
    el("div", { class: "axis", "aria-hidden": "true" }, el("span", {}, "0"), el("span", {}, `${number((last + 1) * of.width)} words`)));
}

function answers(of) {
  const total = sum(Object.values(of));
  if (!total) return null;
  const parts = [["present", "Yes", of.yes ?? 0], ["absent", "No", of.no ?? 0], ["failure", "Neither", of.neither ?? 0]].filter(([, , n]) => n);
  return figure("Yes and no", "What the existence answers open with. A model that always agrees is cured by as many noes.",
    el("div", { class: "stack tall", role: "img", "aria-label": parts.map(([, word, n]) => `${word} ${percent(n, total)}`).join(", ") },
      parts.map(([kind, word, n]) => el("span", { class: `part ${kind}`, "--share": n / total }, el("span", {}, `${word} ${percent(n, total)}`)))));
}

function phrasings(rows) {
  if (!rows.length) return null;
  return figure("Phrasings", "Distinct prompts in the accepted samples and the most frequent; ▢ stands for a sound.",
    rows.map((row) => el("details", { class: "phrasing" },
      el("summary", {}, el("span", {}, taskName(row.task)), el("span", { class: "n" }, el("b", {}, number(row.distinct)), row.distinct === 1 ? " phrasing" : " phrasings")),
      el("ol", {}, row.top.map(([text, n]) => el("li", {}, el("span", {}, text), el("span", { class: "n" }, percent(n, row.samples))))))));
}

function effort(tasks, usage) {
  const columns = [["Requests", "requests"], ["Tokens read", "prompt_tokens"], ["Tokens written", "completion_tokens"]];
  const perSample = (row) => row.sample ? number(Math.round((row.prompt_tokens + row.completion_tokens) / row.sample)) : "–";
  const cost = (row) => row.cost == null ? "–" : dollars(row.cost);
  const all = { ...usage, sample: data.counts.sample };
  const line = (row, name) => [el("th", { scope: "row" }, name), columns.map(([, key]) => el("td", { class: "n" }, number(row[key]))), el("td", { class: "n" }, perSample(row)), el("td", { class: "n" }, cost(row))];
  return figure("Tokens and cost", "Retries and rejected draws included.",
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Tokens and cost by task" }, el("table", { class: "figures" },
      el("thead", {}, el("tr", {}, el("td", {}), columns.map(([name]) => el("th", { scope: "col" }, name)), el("th", { scope: "col" }, "Tokens per sample"), el("th", { scope: "col" }, "Cost"))),
      el("tbody", {}, tasks.map((row) => el("tr", {}, line(row, taskName(row.name))))),
      el("tfoot", {}, el("tr", {}, line(all, "run"))))));
}

function pace(of) {
  if (!of) return null;
  const most = Math.max(...of.bars.map(([, ...counts]) => sum(counts)));
  const active = of.bars.length * of.width;
  const done = sum(of.bars.flatMap(([, ...counts]) => counts));
  const unit = of.width >= 3600 ? [3600, "hour"] : of.width >= 10 ? [60, "minute"] : [1, "second"];
  const rate = (n, seconds) => { const value = (n / seconds) * unit[0]; return value < 10 ? value.toFixed(1) : number(Math.round(value)); };
  const when = (time) => new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC";
  const idle = sum(of.bars.map(([gap]) => gap));
  return figure("Answers over time", `${rate(done, active)} a ${unit[1]} on average, ${rate(most, of.width)} at the peak; ${span(active)} of work` + (idle ? `, ${span(idle)} of pauses not drawn.` : "."),
    el("div", { class: "columns tall", role: "img", "aria-label": `${number(done)} answers in ${span(active)}` },
      of.bars.map(([gap, ...counts]) => el("span", { class: gap ? "tick gap" : "tick", title: OUTCOMES.map((kind, i) => `${WORD[kind]} ${number(counts[i])}`).join(", ") },
        counts.map((n, i) => n ? el("span", { class: `part ${OUTCOMES[i]}`, "--share": n / most }) : null).reverse()))),
    el("div", { class: "axis", "aria-hidden": "true" }, el("span", {}, when(of.start)), el("span", {}, when(of.end))));
}
