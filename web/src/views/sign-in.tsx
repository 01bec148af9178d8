/** Who looks: a token, typed in. */

import { hasToken, signIn, tenant } from "../api.ts";
import { say } from "../words.ts";

export function SignIn() {
  const enter = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    signIn(String(data.get("token") ?? ""), String(data.get("tenant") ?? ""));
  };
  return (
    <form class="sign-in" onSubmit={enter}>
      <h1>{say("sign-in")}</h1>
      {hasToken() && (
        <p class="problem" role="alert">
          {say("token-refused")}
        </p>
      )}
      <label>
        {say("token")}
        <input name="token" type="password" required autocomplete="off" spellcheck={false} />
      </label>
      <label>
        {say("tenant")}
        <input name="tenant" required autocomplete="off" defaultValue={tenant.value} />
      </label>
      <p class="note">{say("token-kept")}</p>
      <div class="buttons">
        <button type="submit" class="main">
          {say("sign-in")}
        </button>
      </div>
    </form>
  );
}
