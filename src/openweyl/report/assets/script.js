"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const slider = document.getElementById("time"), play = document.getElementById("play");
  if (!slider) return;
  const put = (id, text) => { document.getElementById(id).textContent = text; };
  const show = k => {
    put("now", data.times[k]);
    slider.setAttribute("aria-valuetext", "t = " + data.times[k]);
    data.films.forEach((film, i) => {
      put(`f${i}-distance`, film.distance[k]);
      for (const kind of ["quantum", "classical", "difference"]) {
        const scale = kind === "difference" ? film.gap[k] : film.scale[k];
        document.getElementById(`f${i}-${kind}`).setAttribute("href", "data:image/png;base64," + film[kind][k]);
        put(`f${i}-${kind}-low`, scale);
        put(`f${i}-${kind}-high`, scale);
      }
    });
  };
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "play";
    play.setAttribute("aria-pressed", "false");
  };
  slider.addEventListener("input", () => { stop(); show(+slider.value); });
  play.addEventListener("click", () => {
    if (timer) return stop();
    play.textContent = "pause";
    play.setAttribute("aria-pressed", "true");
    if (+slider.value === +slider.max) show(slider.value = 0);
    timer = setInterval(() => {
      slider.value = +slider.value + 1;
      show(+slider.value);
      if (+slider.value === +slider.max) stop();
    }, 200);
  });
  show(+slider.value);
})();
