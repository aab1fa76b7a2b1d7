// The samples: filters above, a list that only draws the rows in view, and the one that is open.

const ROW = 80; // px, as in the style
const state = { outcome: "", task: "", reason: "", sound: "", text: "", heard: false, found: [], at: 0 };
const haystack = data.entries.map((entry) => null);
const heard = (entry) => entry.clips.length > 0 && entry.clips.every((i) => data.clips[i].uri);
const folded = (text) => text.toLowerCase();

function searchable(i) {
  const entry = data.entries[i];
  return (haystack[i] ??= folded([entry.id, entry.prompt, entry.seed, entry.detail, ...entry.clips.map((c) => data.clips[c].id),
    ...entry.attempts.flatMap((attempt) => [attempt.text, ...attempt.verdicts.map((verdict) => verdict.detail ?? "")])].join("\n")));
}

function matches(entry, i, words, sound) {
  return (!state.outcome || entry.outcome === state.outcome)
    && (!state.task || entry.task === state.task)
    && (!state.reason || entry.reason === state.reason)
    && (!state.heard || heard(entry))
    && (!sound || [...entry.present, ...entry.absent].some((name) => folded(name).includes(sound)))
    && words.every((word) => searchable(i).includes(word));
}

const parts = {};

function browser() {
  const uniq = (values) => [...new Set(values)].filter(Boolean).sort();
  const select = (key, name, values, label = (value) => value) => (parts[key] = el("select", { id: `f-${key}`, onchange: (event) => set({ [key]: event.target.value }) },
    el("option", { value: "" }, `All ${name}`), values.map((value) => el("option", { value }, label(value)))));
  const field = (key, name, control) => el("div", { class: `field of-${key}` }, el("label", { for: `f-${key}` }, name), control);

  parts.outcome = el("fieldset", { class: "segments" }, el("legend", { class: "aside" }, "Outcome"),
    [["", "All"], ...OUTCOMES.map((kind) => [kind, WORD[kind]])].map(([value, word]) => el("label", {},
      el("input", { type: "radio", name: "outcome", value, checked: value === "", onchange: () => set({ outcome: value }) }),
      el("span", { class: value }, value ? icon(value) : null, word))));
  parts.sound = el("input", { id: "f-sound", type: "search", list: "sound-names", placeholder: "Any sound", autocomplete: "off", oninput: (event) => set({ sound: event.target.value }) });
  parts.text = el("input", { id: "f-text", type: "search", placeholder: "Words in prompt, response, metadata", autocomplete: "off", "aria-keyshortcuts": "/", oninput: (event) => set({ text: event.target.value }) });
  parts.heard = el("input", { type: "checkbox", id: "f-heard", onchange: (event) => set({ heard: event.target.checked }) });
  parts.count = el("p", { class: "note count", role: "status" });
  parts.clear = el("button", { type: "button", class: "plain clear", onclick: clear }, "Clear filters");
  parts.rows = el("div", { class: "rows" });
  parts.list = el("div", { class: "list", id: "list", role: "listbox", tabindex: 0, "aria-label": "Samples", onscroll: draw, onclick: (event) => {
    const row = event.target.closest("[data-at]");
    if (row) open(Number(row.dataset.at));
  } }, parts.rows);
  parts.detail = el("article", { class: "detail", id: "detail", tabindex: -1, "aria-label": "The open sample" });

  byId("samples").append(
    sampling(),
    el("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
      parts.outcome,
      field("text", "Search", el("div", { class: "slash" }, parts.text, el("kbd", { "aria-hidden": "true" }, "/"))),
      field("task", "Task", select("task", "tasks", uniq(data.entries.map((entry) => entry.task)), taskName)),
      field("reason", "Reason", select("reason", "reasons", uniq(data.entries.map((entry) => entry.reason)))),
      field("sound", "Sound", parts.sound),
      el("datalist", { id: "sound-names" }, uniq(data.sounds.rows.map(([name]) => name)).map((name) => el("option", { value: name }))),
      data.inlined ? el("label", { class: "check" }, parts.heard, el("span", {}, "With audio")) : null),
    el("div", { class: "found" }, parts.count, parts.clear),
    el("div", { class: "browser" }, parts.list, parts.detail),
    el("p", { class: "note keys" }, key("j"), key("k"), " or ", key("↑"), key("↓"), " next and previous · ", key("p"), " play · ", key("/"), " search · ", key("Esc"), " back to the list"));
  new ResizeObserver(draw).observe(parts.list);
  set({});
}

const key = (name) => el("kbd", {}, name);

function sampling() {
  const shown = data.entries.length, whole = sum(Object.values(data.counts));
  const audio = data.inlined ? ` ${plural(data.inlined, "recording")} can be played here.` : " No recordings are in this page.";
  const large = data.oversized ? ` ${plural(data.oversized, "entry is", "entries are")} too large to show.` : "";
  const note = data.note ? ` ${data.note}` : "";
  return el("p", { class: "lead" }, shown === whole
    ? `All ${number(whole)} outcomes of the run, mixed.${audio}${note}`
    : `${number(shown)} of the run’s ${number(whole)} outcomes: equal parts by size of every task, outcome and reason, drawn at random, so rare reasons are over-represented. Counts above are exact.${audio}${large}${note}`);
}

function clear() {
  for (const name of ["task", "reason", "sound", "text"]) parts[name].value = "";
  parts.heard.checked = false;
  set({ outcome: "", task: "", reason: "", sound: "", text: "", heard: false });
  parts.text.focus();
}

/** Change filters, from a control or from a chart, and open the first that is found. */
function set(change) {
  Object.assign(state, change);
  for (const name of ["task", "reason", "sound", "text"]) if (parts[name].value !== state[name]) parts[name].value = state[name];
  parts.outcome.querySelectorAll("input").forEach((input) => (input.checked = input.value === state.outcome));
  const words = folded(state.text).split(/\s+/).filter(Boolean), sound = folded(state.sound.trim());
  state.found = [];
  data.entries.forEach((entry, i) => { if (matches(entry, i, words, sound)) state.found.push(i); });
  parts.rows.style.setProperty("height", `${state.found.length * ROW}px`);
  parts.list.scrollTop = 0;
  parts.clear.hidden = !(state.outcome || state.task || state.reason || state.sound || state.text || state.heard);
  count(words, sound);
  open(0);
}

function count(words, sound) {
  const plain = !words.length && !sound && !state.heard;
  const total = sum(data.strata.filter(([task, outcome, reason]) => (!state.task || task === state.task) && (!state.outcome || outcome === state.outcome) && (!state.reason || reason === state.reason)).map(([, , , n]) => n));
  const here = `${number(state.found.length)} in this page`;
  parts.count.textContent = !state.found.length ? "Nothing in this page matches." : plain && total !== state.found.length ? `${here} · ${number(total)} in the run` : here;
}

/** Show the charts’ answer: set filters and go there. */
function look(change) {
  set({ outcome: "", task: "", reason: "", sound: "", text: "", heard: false, ...change });
  parts.heard.checked = false;
  byId("samples").scrollIntoView();
  parts.list.focus({ preventScroll: true });
}

function draw() {
  const first = Math.max(0, Math.floor(parts.list.scrollTop / ROW) - 4);
  const last = Math.min(state.found.length, Math.ceil((parts.list.scrollTop + parts.list.clientHeight) / ROW) + 4);
  const rows = [];
  for (let at = first; at < last; at++) rows.push(row(at));
  parts.rows.replaceChildren(...rows);
  if (state.at >= first && state.at < last) parts.list.setAttribute("aria-activedescendant", `row-${state.at}`);
  else parts.list.removeAttribute("aria-activedescendant");
}

function row(at) {
  const entry = data.entries[state.found[at]];
  const text = entry.attempts.at(-1)?.text.trim().slice(0, 200) || entry.detail || entry.prompt;
  return el("div", { class: "row", id: `row-${at}`, role: "option", "aria-selected": String(at === state.at), "aria-setsize": state.found.length, "aria-posinset": at + 1, "data-at": at, "--at": at },
    el("span", { class: `state ${entry.outcome}`, title: WORD[entry.outcome] }, icon(entry.outcome)),
    el("span", { class: "what" },
      el("span", { class: "top" }, el("b", {}, taskName(entry.task)), entry.reason ? el("span", { class: "reason" }, entry.reason) : null, heard(entry) ? icon("sound") : null),
      el("span", { class: "text" }, text)),
    el("span", { class: "aside" }, `${WORD[entry.outcome]}${heard(entry) ? ", with audio" : ""}`));
}

function open(at) {
  silence();
  state.at = Math.max(0, Math.min(at, state.found.length - 1));
  const top = state.at * ROW, view = parts.list.clientHeight;
  if (top < parts.list.scrollTop) parts.list.scrollTop = top;
  else if (top + ROW > parts.list.scrollTop + view) parts.list.scrollTop = top + ROW - view;
  draw();
  parts.detail.replaceChildren();
  if (state.found.length) fill(parts.detail, detail(data.entries[state.found[state.at]]));
  parts.detail.hidden = !state.found.length;
}

/** Text cut at the edges of all spans; what several cover carries the classes of each. */
function marked(text, spans) {
  const edges = [...new Set([0, text.length, ...spans.flatMap(([from, to]) => [from, to])])].sort((a, b) => a - b);
  return edges.slice(0, -1).map((from, i) => {
    const piece = text.slice(from, edges[i + 1]);
    const over = spans.filter(([start, end]) => start <= from && from < end);
    return over.length ? el("mark", { class: over.map(([, , kind]) => kind).join(" "), title: over.map(([, , kind, note]) => `${kind}: ${note}`).join("\n") }, piece) : piece;
  });
}

/** The words searched for, where they stand in a text. */
function hits(text) {
  const words = state.text.split(/\s+/).filter(Boolean).map((word) => word.replace(/[^\p{L}\p{N}]/gu, "\\$&"));
  return words.length ? [...text.matchAll(new RegExp(words.join("|"), "gi"))].map((match) => [match.index, match.index + match[0].length, "hit", "search"]) : [];
}

function chips(kind, word, names) {
  return names.length ? el("div", { class: "chips" }, el("span", { class: "label" }, word), names.map((name) => el("span", { class: `chip ${kind}` }, icon(kind), name))) : null;
}

function attempt(of, number_, entry, final) {
  const accepted = final && entry.outcome === "sample";
  const wrong = of.verdicts.filter((verdict) => !verdict.ok), fine = of.verdicts.filter((verdict) => verdict.ok);
  const spans = [...of.marks, ...wrong.filter((verdict) => verdict.span).map((verdict) => [...verdict.span, "flagged", verdict.detail ?? verdict.reason ?? verdict.check]), ...hits(of.text)];
  return el("section", { class: `attempt ${accepted ? "accepted" : "refused"}` },
    el("h4", {}, entry.attempts.length > 1 ? `Response, draw ${number_ + 1}` : "Response", accepted ? null : el("span", { class: "refusal" }, "not accepted")),
    el("p", { class: "response" }, of.text ? marked(of.text, spans) : el("span", { class: "note" }, "(empty)")),
    accepted ? el("p", { class: "verdict passed" }, icon("sample"), "Passed every check.") : null,
    wrong.length ? el("ul", { class: "verdicts" }, wrong.map((verdict) => el("li", { class: "verdict wrong" }, icon("rejection"),
      el("span", {}, el("b", {}, verdict.reason ?? verdict.check), el("span", { class: "check" }, verdict.check), el("span", { class: "why" }, verdict.detail ?? ""),
        verdict.span ? el("q", {}, of.text.slice(verdict.span[0], verdict.span[1])) : null)))) : null,
    fine.length ? el("p", { class: "verdict passed" }, icon("sample"), `Passed: ${fine.map((verdict) => verdict.check).join(", ")}.`) : null);
}

function detail(entry) {
  const last = entry.attempts.length - 1;
  const step = (by, word, glyph) => el("button", { type: "button", class: "plain step", "aria-label": word, onclick: () => open(state.at + by), disabled: state.at + by < 0 || state.at + by >= state.found.length }, glyph);
  // The last draw is what counts and stands first; earlier ones follow as they came.
  const earlier = entry.attempts.slice(0, -1).map((of, i) => attempt(of, i, entry, false));
  return [
    el("header", {}, badge(entry.outcome), el("b", {}, taskName(entry.task)), entry.reason ? el("span", { class: "reason" }, entry.reason) : null,
      el("span", { class: "steps" }, step(-1, "Previous", "‹"), el("span", { class: "n" }, `${number(state.at + 1)} / ${number(state.found.length)}`), step(1, "Next", "›"))),
    el("div", { class: "players" }, entry.clips.map((i, index) => player(data.clips[i], index, entry.clips.length > 1))),
    entry.detail ? el("p", { class: "failure-detail" }, icon("failure"), el("span", {}, entry.detail)) : null,
    el("section", { class: "prompt" }, el("h4", {}, "Prompt"), el("p", {}, entry.prompt)),
    last >= 0 ? attempt(entry.attempts[last], last, entry, true) : null,
    chips("present", "Affirm", entry.present),
    chips("absent", "Deny", entry.absent),
    el("section", { class: "seed" }, el("h4", {}, "Seed description", el("span", {}, "what the backbone read in place of the audio")), el("pre", {}, entry.seed)),
    earlier.length ? el("details", { class: "earlier" }, el("summary", {}, plural(earlier.length, "earlier draw")), earlier) : null,
    el("dl", { class: "made" }, [["id", entry.id], ["template", entry.made.prompt], ["guidance", entry.made.guidance], ["seed", entry.made.seed], ["tokens", `${number(entry.made.tokens)} in ${plural(entry.made.requests, "request")}`]]
      .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value))))),
  ];
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target, typing = target.closest("input:not([type=radio], [type=checkbox], [type=range]), select, textarea");
  if (event.key === "Escape" && target.closest(".filters, .detail")) return parts.list.focus();
  if (typing) return;
  const inList = target === parts.list;
  const steps = { j: 1, k: -1, ...(inList && { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -Infinity, End: Infinity }) };
  if (event.key in steps) {
    if (!inList) { byId("samples").scrollIntoView({ block: "nearest" }); parts.list.focus({ preventScroll: true }); }
    open(state.at + steps[event.key]);
  } else if (event.key === "/") { byId("samples").scrollIntoView(); parts.text.focus({ preventScroll: true }); parts.text.select(); }
  else if (event.key === "p") parts.detail.querySelector(".play")?.click();
  else if (event.key === "Enter" && inList) { parts.detail.focus({ preventScroll: true }); parts.detail.scrollIntoView({ block: "nearest" }); }
  else return;
  event.preventDefault();
});
