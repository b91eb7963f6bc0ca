// What happens in a viewer, told to the server as an event of the HTML component around it.

export const tell = (element, event, detail) =>
  element.dispatchEvent(new CustomEvent("tell", { bubbles: true, detail: { event, ...detail } }));
