"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const sliders = [...document.querySelectorAll(".controls input")], play = document.getElementById("play");
  if (!sliders.length) return;
  const last = data.times.length - 1, moves = data.maps.some(map => map.cells.length > 0);
  const figures = [...document.querySelectorAll(".map-figure")];
  const maps = data.maps.map((map, m) => ({...map, boxes: [...figures[m].querySelectorAll("rect")],
    labels: [...figures[m].querySelectorAll(".cell")]}));
  const times = [...document.querySelectorAll(moves ? ".now" : ".controls .now")];
  let now = last, timer = 0;

  const put = (id, text) => { document.getElementById(id).textContent = text; };
  const showFilm = (film, i) => {
    put(`f${i}-distance`, film.distance[now]);
    for (const kind of ["quantum", "classical", "difference"]) {
      document.getElementById(`f${i}-${kind}`).setAttribute("href", "data:image/png;base64," + film[kind][now]);
      for (const end of ["low", "high"]) put(`f${i}-${kind}-${end}`, film[`${kind}-${end}`][now]);
    }
  };
  const showMap = map => map.boxes.forEach((box, i) => {
    const [shade, words, text] = map.cells[now][i], label = map.labels[i];
    const fill = shade < 0 ? "var(--empty)" : map.shades[shade];
    box.setAttribute("fill", fill);
    box.firstElementChild.textContent = map.where[i] + ": " + words;
    if (!label) return; // a large map, without numbers in its cells
    label.textContent = text;
    label.style.stroke = fill;
    label.style.fill = shade < 0 ? "var(--ink)" : shade < map.bright ? "#fff" : "#000";
  });
  const show = k => {
    now = k;
    for (const slider of sliders) {
      slider.value = k;
      slider.setAttribute("aria-valuetext", "t = " + data.times[k]);
    }
    for (const output of times) output.textContent = data.times[k];
    data.films.forEach(showFilm);
    if (moves) maps.forEach(showMap);
  };

  const stop = () => {
    clearInterval(timer);
    timer = 0;
    if (!play) return;
    play.textContent = "play";
    play.setAttribute("aria-pressed", "false");
  };
  const start = () => {
    play.textContent = "pause";
    play.setAttribute("aria-pressed", "true");
    if (now === last) show(0);
    timer = setInterval(() => {
      show(now + 1);
      if (now === last) stop();
    }, 200);
  };
  for (const slider of sliders) slider.addEventListener("input", () => { stop(); show(+slider.value); });
  if (play) play.addEventListener("click", () => { if (timer) stop(); else start(); });
  show(last);
})();
