// A clip: its recording as a waveform to play and seek, and what is known to sound when.

let playing = null;

function waveform(peaks, kind) {
  const d = peaks.map((peak, i) => { const h = Math.max(1.5, peak * 0.42); return `M${i + 0.5} ${(22 - h / 2).toFixed(1)}v${h.toFixed(1)}`; }).join("");
  return svg("svg", { class: kind, viewBox: `0 0 ${peaks.length} 44`, preserveAspectRatio: "none", "aria-hidden": "true" }, svg("path", { d }));
}

function player(clip, index, several) {
  const name = several ? `Clip ${index + 1}` : "Clip";
  const length = clip.duration ?? clip.seconds;
  const about = el("div", { class: "about" },
    several ? el("b", {}, name) : null,
    el("span", { class: "id" }, clip.id),
    [clip.dataset, clip.license].filter(Boolean).map((text) => el("span", {}, text)));
  const box = el("div", { class: "player", role: "group", "aria-label": `${name}: ${clip.id}` });
  if (!clip.uri) {
    return fill(box, about, el("p", { class: "note" }, icon("sound"), clip.file ? `${clip.file} is not in this page` : "The recording is not in this page", length ? ` · ${clock(length)}` : ""), events(clip, length));
  }

  const audio = el("audio", { preload: "metadata", src: clip.uri });
  const button = el("button", { type: "button", class: "play", "aria-label": `Play ${name.toLowerCase()}` }, icon("play"));
  const seek = el("input", { type: "range", min: 0, max: clip.seconds ?? 1, step: 0.01, value: 0, "aria-label": `Position in ${name.toLowerCase()}` });
  const time = el("span", { class: "time" }, `${clock(0, clip.seconds ?? 0)} / ${clock(clip.seconds ?? 0)}`);
  const peaks = clip.peaks.length ? clip.peaks : Array(120).fill(20);
  const wave = el("div", { class: "wave" }, waveform(peaks, "rest"), waveform(peaks, "done"), seek);
  const total = () => clip.seconds ?? (audio.duration || 1);

  function show() {
    wave.style.setProperty("--at", audio.currentTime / total());
    seek.value = audio.currentTime;
    seek.setAttribute("aria-valuetext", `${clock(audio.currentTime, total())} of ${clock(total())}`);
    time.textContent = `${clock(audio.currentTime, total())} / ${clock(total())}`;
    if (!audio.paused) requestAnimationFrame(show);
  }
  function sync() {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", `${audio.paused ? "Play" : "Pause"} ${name.toLowerCase()}`);
    show();
  }
  audio.addEventListener("play", () => { if (playing && playing !== audio) playing.pause(); playing = audio; sync(); });
  audio.addEventListener("pause", sync);
  audio.addEventListener("ended", () => { audio.currentTime = 0; sync(); });
  audio.addEventListener("loadedmetadata", () => { seek.max = total(); show(); });
  button.addEventListener("click", () => (audio.paused ? audio.play().catch(sync) : audio.pause()));
  seek.addEventListener("input", () => { audio.currentTime = Number(seek.value); show(); });

  return fill(box, about, el("div", { class: "deck" }, button, wave, time), audio, events(clip, clip.seconds ?? length),
    clip.whole ? null : el("p", { class: "note" }, `The first ${clock(clip.seconds)}` + (clip.duration ? ` of ${clock(clip.duration)}` : "") + "."));
}

function events(clip, length) {
  if (!clip.events.length || !length) return null;
  return el("ul", { class: "events", "aria-label": "What sounds when" }, clip.events.filter(([, from]) => from < length).slice(0, 12).map(([label, from, to]) =>
    el("li", { "--from": from / length, "--to": Math.min(1, (to ?? from + 0.15) / length), title: `${label}, ${from.toFixed(1)} s` + (to == null ? "" : ` to ${to.toFixed(1)} s`) }, el("span", {}, label))));
}

function silence() {
  if (playing) playing.pause();
  playing = null;
}
