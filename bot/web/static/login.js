// The login: posts the password, then shows the page.

import { ask } from "./server.js";

const form = document.getElementById("login");
const password = document.getElementById("password");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await ask("/login", { password: password.value });
    location.replace("/");
  } catch (error) {
    document.getElementById("problem").textContent = error.message;
    password.select();
  }
});
