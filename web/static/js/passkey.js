/** Security keys: enrolling one on the page of sessions, and signing in with one. */

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** The options the server sends, as the browser wants them. */
function options(told) {
  const listed = (keys) => (keys ?? []).map((key) => ({ ...key, id: bytes(key.id) }));
  return {
    ...told,
    challenge: bytes(told.challenge),
    ...(told.user ? { user: { ...told.user, id: bytes(told.user.id) } } : {}),
    ...(told.excludeCredentials ? { excludeCredentials: listed(told.excludeCredentials) } : {}),
    ...(told.allowCredentials ? { allowCredentials: listed(told.allowCredentials) } : {}),
  };
}

/** What the authenticator answered, as JSON text. */
function answered(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  const { id, type } = credential;
  return JSON.stringify({ id, rawId: text(credential.rawId), type, response, clientExtensionResults: {} });
}

async function asked(address, body, token) {
  const answer = await fetch(address, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      "Accept-Language": document.documentElement.lang,
      "X-CSRFToken": token,
    },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.errors?.[0]?.detail ?? told.detail);
  return told;
}

/** A form with `data-passkey` = `create` or `get` gets its hidden field `credential` from a key before it is sent. */
for (const button of document.querySelectorAll("button[data-passkey]")) {
  if (!globalThis.PublicKeyCredential) continue;
  const form = button.form;
  button.hidden = false;
  const said = form.querySelector("[data-said]");
  button.addEventListener("click", async () => {
    for (const name of (button.dataset.needs ?? "").split(" ").filter(Boolean)) {
      if (!form.elements[name].reportValidity()) return;
    }
    button.disabled = true;
    said.textContent = said.dataset.wait;
    try {
      const creating = button.dataset.passkey === "create";
      const body = creating ? {} : { username: form.elements.username.value.trim(), password: form.elements.password.value };
      const publicKey = options(await asked(button.dataset.href, body, form.elements.csrf_token.value));
      const credential = await (creating ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
      form.elements.credential.value = answered(credential);
      if (form.elements.otp) form.elements.otp.required = false;
      form.requestSubmit();
    } catch (error) {
      said.textContent = error instanceof DOMException ? said.dataset.failed : error.message;
      button.disabled = false;
    }
  });
}
