// Shows a part of a form only while a choice asks for it: data-shown-when="name=value". Without scripts it always shows.
for (const part of document.querySelectorAll("[data-shown-when]")) {
  const [name, value] = part.dataset.shownWhen.split("=")
  const update = () => {
    const chosen = part.closest("form").querySelector(`[name="${name}"]:checked`)
    part.hidden = chosen !== null && chosen.value !== value
  }
  part.closest("form").addEventListener("change", update)
  update()
}
