// What surrounds the form of a task: its answer is sent, its time runs, and it may be skipped.
"use strict";

(() => {
  const { action, number, worker, seconds } = window.portal;
  const buttons = () => document.querySelectorAll("crowd-form button, #skip");
  const told = document.getElementById("told");
  let isOver = false;

  const tell = (...parts) => {
    told.replaceChildren(...parts);
    told.hidden = false;
  };
  const link = (href, text) => Object.assign(document.createElement("a"), { href, textContent: text, target: "_blank" });

  // Whoever is signed in now has forms of their own: sessions end while somebody is at work.
  const token = async () => {
    const answer = await fetch("/session");
    if (answer.status === 401) {
      tell("You are signed out. ", link("/sign-in", "Sign in in another window"), ", then send it again: all that you entered stays here.");
      return null;
    }
    const session = await answer.json();
    if (session.worker === worker) return session.csrf;
    tell(`This task is ${worker}'s, and ${session.worker} is signed in now. Sign in as ${worker}, then send it again.`);
    return null;
  };

  const send = async (verb, fields) => {
    const csrf = await token();
    if (csrf === null) return;
    const body = new URLSearchParams({ csrf, number, ...fields });
    const answer = await fetch(`${action}/${verb}`, { method: "POST", body, redirect: "manual" });
    if (answer.type === "opaqueredirect") {
      window.location.assign(action);
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    tell([...page.querySelectorAll("main p")].map((part) => part.textContent).slice(0, -1).join(" "));
  };

  // The form stays as it is until what it holds has been taken.
  const post = async (verb, fields) => {
    told.hidden = true;
    buttons().forEach((button) => { button.disabled = true; });
    try {
      await send(verb, fields);
    } catch {
      tell("The portal cannot be reached. Send it again in a moment: all that you entered stays here.");
    }
    buttons().forEach((button) => { button.disabled = isOver; });
  };
  window.portal.submit = (answer) => post("submit", { answer: JSON.stringify(answer) });
  document.getElementById("skip").addEventListener("click", () => post("skip", {}));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !isOver) document.querySelector("crowd-form").send();
  });

  const ends = Date.now() + seconds * 1000;
  const clock = document.getElementById("clock");
  const tick = () => {
    const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
    const parts = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60].map((part) => String(part).padStart(2, "0"));
    clock.textContent = `${(left < 3600 ? parts.slice(1) : parts).join(":").replace(/^0/, "")} left`;
    if (left) return setTimeout(tick, 500);
    isOver = true;
    document.getElementById("late").hidden = false;
    buttons().forEach((button) => { button.disabled = true; });
  };
  tick();
})();
