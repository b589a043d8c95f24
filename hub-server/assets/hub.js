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
