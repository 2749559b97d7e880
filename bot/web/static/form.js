// A form that says the same as the command line, and shows the command that it makes.

/** Fill `panel` with fields for the options of `command`; its command is shown in `say` and sent by `send`. */
export function askByForm(panel, command, say, send) {
  const fields = panel.querySelector(".fields");
  for (const option of command.options) fields.append(field(option));
  const made = panel.querySelector("output");

  function text() {
    const words = command.options.flatMap(({ name, quoted }) => {
      const value = panel.elements[name].value.trim();
      if (!value) return [];
      return [quoted ? `${name}:"${value}"` : `${name}:${value}`];
    });
    return [`/${command.name}`, ...words].join(" ");
  }

  function show() {
    made.textContent = text();
  }

  panel.addEventListener("input", show);
  panel.addEventListener("submit", (event) => {
    event.preventDefault();
    send(text());
  });
  panel.querySelector(".edit").addEventListener("click", () => {
    say.value = text();
    say.focus();
  });
  panel.elements.key.value = "D";
  show();
}

/** One option: a list where its values are all there is, otherwise a box. */
function field(option) {
  const label = document.createElement("label");
  label.className = option.quoted ? "field wide" : "field";
  const name = document.createElement("span");
  name.textContent = option.name;
  label.title = option.summary;
  const input = option.values.length ? choices(option) : box(option);
  input.name = option.name;
  label.append(name, " ", input);
  return label;
}

function choices(option) {
  const select = document.createElement("select");
  if (!option.required) select.add(new Option("as it comes", ""));
  for (const { text, label } of option.values) select.add(new Option(label ? `${text} · ${label}` : text, text));
  select.required = option.required;
  return select;
}

function box(option) {
  const input = document.createElement("input");
  input.type = "text";
  input.placeholder = option.summary;
  input.autocapitalize = "none";
  input.spellcheck = false;
  return input;
}
