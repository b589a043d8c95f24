// What scripts add to pages that work without them: copying, and switches without a reload.

const copied = document.body.dataset.copied;

function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

async function copy(button) {
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    // Without the clipboard (plain http) the text is marked, ready for the keyboard.
    getSelection().selectAllChildren(code);
    return;
  }
  const before = button.textContent;
  button.textContent = copied;
  button.classList.add("done");
  setTimeout(() => {
    button.textContent = before;
    button.classList.remove("done");
  }, 1600);
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", () => copy(button));
}

for (const block of document.querySelectorAll(".readme pre")) {
  const label = document.querySelector("button.copy")?.textContent;
  if (!label || !block.querySelector("code")) continue;
  const box = document.createElement("div");
  const button = document.createElement("button");
  box.className = "copyable";
  button.type = "button";
  button.className = "copy";
  button.textContent = label;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", () => copy(button));
  block.replaceWith(box);
  box.append(block, button);
}

for (const tool of document.querySelectorAll(".tools input")) {
  tool.addEventListener("change", () => remember("hub_tool", tool.value));
}

for (const link of document.querySelectorAll("a[data-theme]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const theme = link.dataset.theme;
    remember("hub_theme", theme);
    document.documentElement.className = `theme-${theme}`;
    for (const other of document.querySelectorAll("a[data-theme]")) {
      other.toggleAttribute("aria-current", other === link);
    }
    link.setAttribute("aria-current", "true");
  });
}

document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const box = document.querySelector("input[type=search]");
    if (box) {
      event.preventDefault();
      box.focus();
    }
  }
});

// A search box suggests what begins like the text: a combobox with a list (ARIA 1.2).
let boxes = 0;

function suggesting(input) {
  const list = document.createElement("ul");
  list.className = "suggest";
  list.id = `suggest-${++boxes}`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", document.body.dataset.suggestions);
  input.after(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  let waiting;
  let asking;
  let active = -1;

  function show(found) {
    list.replaceChildren(...found.map(([href, text], at) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${at}`;
      option.setAttribute("role", "option");
      option.dataset.href = href;
      option.textContent = text;
      // Before the box loses the focus.
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        location.assign(href);
      });
      return option;
    }));
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    choose(-1);
  }

  function choose(at) {
    active = at;
    for (const [place, option] of [...list.children].entries()) {
      option.setAttribute("aria-selected", String(place === at));
    }
    const option = list.children[at];
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    const typed = input.value.trim();
    if (typed.length < 2) return show([]);
    try {
      const query = new URLSearchParams({ q: typed });
      const answer = await fetch(`/api/v1/suggest?${query}`, { signal: asking.signal });
      if (!answer.ok) return show([]);
      const { references, orgs, repos } = await answer.json();
      show([
        ...references.map((name) => [`/${name}`, name]),
        ...repos.map((name) => [`/r/${name}`, name]),
        ...orgs.slice(0, 3).map((name) => [`/o/${name}`, `${name}/`]),
      ]);
    } catch {
      // Given up for a newer question, or no network: the box works without.
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });
  input.addEventListener("blur", () => show([]));
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(active < last ? active + 1 : -1);
    else if (event.key === "ArrowUp") choose(active < 0 ? last : active - 1);
    else if (event.key === "Escape") show([]);
    else if (event.key === "Enter" && active >= 0) location.assign(list.children[active].dataset.href);
    else return;
    event.preventDefault();
  });
}

document.querySelectorAll("form.search:not(.inside) input[type=search]").forEach(suggesting);
